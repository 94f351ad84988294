# The jobs of sidekiq_test.rb: its process is started with this file, and the test loads it too.
# REDIS_URL in the environment names the server.
require 'sidekiq'

Redis.silence_deprecations = true # Sidekiq 6.4 is older than this redis-rb
# Scheduled jobs are looked for all the time, not after ten seconds at the earliest.
Sidekiq.options[:poll_interval_average] = 0.2

# Writes its arguments into a list.
class WriteJob
  include Sidekiq::Job

  def perform(name, value)
    Sidekiq.redis { |redis| redis.rpush(name, value) }
  end
end

# Fails so many times, each to be tried again in an hour, then writes down how often it was tried.
class FailAtFirstJob
  include Sidekiq::Job
  sidekiq_options queue: 'critical'
  sidekiq_retry_in { 3600 }

  def perform(name, times)
    tried = Sidekiq.redis { |redis| redis.incr("tried:#{name}") }
    raise "try #{tried}" if tried <= times

    WriteJob.new.perform(name, tried)
  end
end

# Fails once and for all.
class HopelessJob
  include Sidekiq::Job
  sidekiq_options retry: 0

  def perform(word)
    raise ArgumentError, word
  end
end

# Counts itself as running until it may go.
class HoldJob
  include Sidekiq::Job

  def perform
    Sidekiq.redis do |redis|
      redis.incr('running')
      sleep 0.01 until redis.exists?('go')
      redis.decr('running')
    end
  end
end
