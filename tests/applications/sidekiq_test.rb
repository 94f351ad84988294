# Sidekiq: enqueues the jobs of sidekiq_jobs.rb, which a process of Sidekiq's performs.
# usage: REDIS_URL=… ruby sidekiq_test.rb
require 'minitest/autorun'
require 'sidekiq/api'
require_relative 'sidekiq_jobs'

class SidekiqTest < Minitest::Test
  TIMEOUT = 60 # seconds; against hanging only
  THREADS = 3

  def seconds
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  def wait_until(what)
    deadline = seconds + TIMEOUT
    until yield
      flunk "waited in vain until #{what}" if seconds > deadline
      sleep 0.02
    end
  end

  def written(name)
    Sidekiq.redis { |redis| redis.lrange(name, 0, -1) }
  end

  # Waits until a list is as long; its elements.
  def wait_for(name, count)
    wait_until("#{name} has #{count} elements") { written(name).size >= count }
    written(name)
  end

  # Keeps every thread of the process busy while the block runs.
  def while_it_is_busy
    THREADS.times { HoldJob.perform_async }
    wait_until('its threads are busy') { running == THREADS }
    yield
  ensure
    Sidekiq.redis { |redis| redis.set('go', 1) }
    wait_until('they are idle') { running.zero? }
    Sidekiq.redis { |redis| redis.del('go') }
  end

  def running
    Sidekiq.redis { |redis| redis.get('running') }.to_i
  end

  def test_jobs_are_performed
    ids = Array.new(50) { |i| WriteJob.perform_async('performed', i) }
    assert_equal 50, ids.uniq.size
    assert_equal 50.times.map(&:to_s), wait_for('performed', 50).sort_by(&:to_i)
  end

  def test_many_at_once
    WriteJob.perform_bulk(Array.new(200) { |i| ['bulk', i] })
    assert_equal 200, wait_for('bulk', 200).uniq.size
  end

  def test_a_failing_job_is_tried_again_at_its_time
    id = FailAtFirstJob.perform_async('again', 2)
    2.times { |tried| wait_to_be_tried(id, tried).reschedule(Time.now) }
    assert_equal ['3'], wait_for('again', 1)
  end

  # The job in the set of retries, after it has failed so many times more.
  def wait_to_be_tried(id, count)
    job = nil
    wait_until('it waits to be tried again') do
      job = Sidekiq::RetrySet.new.find_job(id)
      job && job['retry_count'] == count
    end
    job
  end

  def test_a_failing_job_is_tried_again_by_hand
    job = wait_to_be_tried(FailAtFirstJob.perform_async('by hand', 1), 0)
    assert_equal ['RuntimeError', 'try 1'], [job['error_class'], job['error_message']]
    assert_operator job.at.to_f, :>, Time.now.to_f + 3000
    assert job.retry
    assert_equal ['2'], wait_for('by hand', 1)
  end

  def test_a_job_without_hope_dies
    id = HopelessJob.perform_async('no luck')
    dead = Sidekiq::DeadSet.new
    wait_until('it is dead') { dead.find_job(id) }
    job = dead.find_job(id)
    assert_equal ['ArgumentError', 'no luck', ['no luck']],
                 [job['error_class'], job['error_message'], job.args]
    job.delete
    assert_nil dead.find_job(id)
  end

  def test_scheduled_jobs
    far = WriteJob.perform_in(86_400, 'far', 1)
    due = Time.now.to_f + 0.5
    WriteJob.perform_at(due, 'scheduled', 1)
    set = Sidekiq::ScheduledSet.new
    assert_in_delta Time.now.to_f + 86_400, set.find_job(far).at.to_f, 60
    wait_for('scheduled', 1)
    assert_operator Time.now.to_f, :>=, due
    assert_equal true, set.find_job(far).delete
    assert_equal 0, set.size
  end

  def test_queues
    while_it_is_busy do
      WriteJob.set(queue: 'default').perform_async('order', 'default')
      kept = WriteJob.set(queue: 'critical').perform_async('order', 'critical')
      gone = WriteJob.set(queue: 'critical').perform_async('order', 'deleted')
      critical = Sidekiq::Queue.new('critical')
      assert_equal [gone, kept], critical.map(&:jid)
      assert_operator critical.latency, :>=, 0
      critical.find_job(gone).delete
      assert_equal({ 'critical' => 1, 'default' => 1 }, Sidekiq::Stats.new.queues)
      idle = Sidekiq::Queue.new('idle')
      WriteJob.set(queue: 'idle').perform_async('order', 'never')
      assert_equal 1, idle.size
      idle.clear
    end
    assert_equal %w[critical default], wait_for('order', 2).sort
  end

  # What follows is told by the process with its next heartbeat, of which there is one in 5 seconds.

  def test_the_process_is_known
    process = Sidekiq::ProcessSet.new.first
    assert_equal [%w[critical default], THREADS], [process['queues'].uniq, process['concurrency']]
    while_it_is_busy do
      work = Sidekiq::WorkSet.new
      wait_until('it tells what it works on') { work.size == THREADS }
      assert_equal ['HoldJob'], work.map { |_, _, one| one['payload']['class'] }.uniq
    end
  end

  def test_statistics
    before = Sidekiq::Stats.new
    5.times { |i| WriteJob.perform_async('counted', i) }
    HopelessJob.perform_async('counted')
    wait_until('they are counted') do
      now = Sidekiq::Stats.new
      now.processed >= before.processed + 6 && now.failed >= before.failed + 1
    end
    assert_equal Sidekiq::Stats.new.processed, Sidekiq::Stats::History.new(1).processed.values.sum
  end
end
