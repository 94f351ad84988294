# redis-rb, the client of most Ruby programs.
# usage: ruby redis_rb_test.rb PORT
require 'minitest/autorun'
require 'redis'

PORT = Integer(ARGV.shift)

class RedisRbTest < Minitest::Test
  def setup
    @redis = Redis.new(port: PORT)
    @redis.flushall
  end

  def teardown
    @redis.close
  end

  # Waits until so many clients wait in a command.
  def until_blocked(count)
    Thread.pass until @redis.info('clients')['blocked_clients'] == count.to_s
  end

  def test_values
    assert_equal 'OK', @redis.set('k', 'v', ex: 100)
    assert_includes 90..100, @redis.ttl('k')
    refute @redis.set('k', 'w', nx: true)
    assert_equal 'v', @redis.getset('k', "\x00\xFF".b)
    assert_equal "\x00\xFF".b, @redis.get('k').b
    assert_equal({ 'none' => nil }, @redis.mapped_mget('none'))
    assert_equal 5, @redis.incrby('n', 5)
    error = assert_raises(Redis::CommandError) { @redis.lpush('n', 1) }
    assert_match(/^WRONGTYPE /, error.message)
  end

  def test_collections
    @redis.mapped_hmset('h', 'a' => '1', 'b' => '2')
    assert_equal({ 'a' => '1', 'b' => '2' }, @redis.hgetall('h'))
    @redis.zadd('z', [[1, 'one'], [2.5, 'more'], ['-inf', 'least']])
    assert_equal [['least', -Float::INFINITY], ['one', 1.0], ['more', 2.5]],
                 @redis.zrange('z', 0, -1, with_scores: true)
    assert_equal 2.5, @redis.zscore('z', 'more')
    assert_equal %w[one more], @redis.zrange('z', 1, 3, by_score: true)
    assert_equal true, @redis.sadd?('s', 'x')
    assert_equal false, @redis.sadd?('s', 'x')
  end

  def test_a_pipeline
    replies = @redis.pipelined do |pipeline|
      1000.times { |i| pipeline.set("k:#{i}", i) }
      @sum = pipeline.incrby('n', 7)
    end
    assert_equal ['OK'] * 1000 + [7], replies
    assert_equal 7, @sum.value
  end

  def test_a_transaction
    replies = @redis.multi do |transaction|
      transaction.set('k', 'v')
      transaction.hset('h', 'f', 1)
      transaction.hgetall('h')
    end
    assert_equal ['OK', 1, { 'f' => '1' }], replies
    assert_raises(Redis::CommandError) { @redis.multi { |transaction| transaction.call(%w[NO]) } }
  end

  def test_a_watched_key
    result = @redis.watch('k') do
      Redis.new(port: PORT).tap { |other| other.set('k', 'other') }.close
      @redis.multi { |transaction| transaction.set('k', 'mine') }
    end
    assert_nil result
    assert_equal 'other', @redis.get('k')
  end

  def test_channels
    heard = Queue.new
    subscriber = Thread.new do
      client = Redis.new(port: PORT)
      client.subscribe('news', 'end') do |on|
        on.subscribe { |channel, count| heard << [channel, count] }
        on.message do |channel, message|
          heard << [channel, message]
          client.unsubscribe if channel == 'end'
        end
      end
    end
    assert_equal [['news', 1], ['end', 2]], [heard.pop, heard.pop]
    100.times { |i| assert_equal 1, @redis.publish('news', i) }
    @redis.publish('end', 'bye')
    subscriber.join
    assert_equal Array.new(100) { |i| ['news', i.to_s] }, Array.new(100) { heard.pop }
    assert_equal %w[end bye], heard.pop
  end

  def test_patterns
    heard = Queue.new
    subscriber = Thread.new do
      client = Redis.new(port: PORT)
      client.psubscribe('n*') do |on|
        on.psubscribe { heard << :ready }
        on.pmessage do |pattern, channel, message|
          heard << [pattern, channel, message]
          client.punsubscribe
        end
      end
    end
    assert_equal :ready, heard.pop
    @redis.publish('news', 'hello')
    subscriber.join
    assert_equal ['n*', 'news', 'hello'], heard.pop
    assert_equal 0, @redis.publish('news', 'nobody')
  end

  def test_scripts
    sha = @redis.script(:load, 'return {KEYS[1], ARGV[1] * 2, false}')
    assert_equal ['k', 42, nil], @redis.evalsha(sha, ['k'], [21])
    assert_equal [true, false], @redis.script(:exists, [sha, '0' * 40])
    @redis.script(:flush)
    error = assert_raises(Redis::CommandError) { @redis.evalsha(sha) }
    assert_match(/^NOSCRIPT /, error.message)
    script = "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('GET', KEYS[1])"
    assert_equal 'v', @redis.eval(script, keys: ['k'], argv: ['v'])
  end

  def test_waiting_for_lists
    waiting = Thread.new { Redis.new(port: PORT).blpop('one', 'two', timeout: 0) }
    until_blocked(1)
    @redis.rpush('two', 'value')
    assert_equal %w[two value], waiting.value
    assert_nil @redis.brpop('none', timeout: 0.05)
  end

  def test_streams
    @redis.xgroup(:create, 'jobs', 'workers', '$', mkstream: true)
    ids = Array.new(3) { |i| @redis.xadd('jobs', { n: i }) }
    assert_equal({ 'jobs' => [[ids[0], { 'n' => '0' }], [ids[1], { 'n' => '1' }]] },
                 @redis.xreadgroup('workers', 'me', 'jobs', '>', count: 2))
    assert_equal 1, @redis.xack('jobs', 'workers', ids[0])
    assert_equal 1, @redis.xpending('jobs', 'workers')['size']
    assert_equal({ 'entries' => [[ids[1], { 'n' => '1' }]], 'next' => '0-0' },
                 @redis.xautoclaim('jobs', 'workers', 'other', 0, '0-0'))
  end

  def test_scans
    @redis.mapped_mset(Array.new(1000) { |i| ["key:#{i}", i] }.to_h)
    assert_equal 1000, @redis.scan_each(match: 'key:*', count: 50).to_a.uniq.size
    @redis.zadd('z', Array.new(500) { |i| [i, "m#{i}"] })
    assert_equal 499.0, @redis.zscan_each('z').to_h['m499']
  end

  def test_a_killed_connection_comes_back
    id = @redis.client(:list).find { |client| client['cmd'] == 'client|list' }['id']
    Redis.new(port: PORT).tap { |other| other.call('CLIENT', 'KILL', 'ID', id) }.close
    assert_equal 'PONG', @redis.ping
  end
end
