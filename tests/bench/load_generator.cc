// Sends commands to a RESP server over many connections from one thread and measures the replies.
//
//   load_generator --port 6379 --connections 50 --pipeline 16 --get-share 0.9 --seconds 5
//   load_generator --port 6379 --fill --keys 1000000 --pipeline 32
//   load_generator --port 6379 --command "LPUSH list:{key} {value}" --requests 100000
//   load_generator --port 6379 --command "MULTI; INCR {key}; EXEC" --pipeline 3
//   load_generator --port 6379 --command "PUBLISH news {value}" --subscribers 100 --channel news
//
// Each connection sends a pipeline's worth of commands, waits for all the replies, and sends the
// next. It must never be slower than the server it measures, so a command is a copied template with
// a few digits set (command_template.h) and a reply is compared with the bytes that are expected;
// only one that differs is parsed.
//
// A client that sleeps between replies (--wait sleep, as most do) has to be woken by the server's
// send, which on one machine costs the server's core 1-3 us each; --wait spin never sleeps, as if
// the client were on another machine. With --interval-us it is a probe: one command at a time, and
// for each the server's share of the round trip (server_watch.h).
//
// Prints one line of JSON: throughput, latencies, errors, and CPU time per operation, its own and
// (--server-pid) the server's, read at both ends of the very window the operations are counted in.
// Ends early and prints on SIGINT or SIGTERM. Exit status: 0, 1 for error replies or wrong values
// or a lost connection, 2 for wrong options.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/command_template.h"
#include "tests/bench/generator_options.h"
#include "tests/bench/histogram.h"
#include "tests/bench/reply_length.h"
#include "tests/bench/server_watch.h"

namespace strata::bench {
namespace {

int64_t NowNs() {
  return ReadClockNs(CLOCK_MONOTONIC);
}

struct Command {
  CommandTemplate bytes;
  std::string expected_reply;  // the usual one; empty: any that is no error
};

// A semicolon behind a word parts commands: they are sent in turn.
std::vector<std::string> SplitCommands(std::string_view text) {
  std::vector<std::string> commands;
  for (;;) {
    const size_t end = text.find("; ");
    commands.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return commands;
    text.remove_prefix(end + 2);
  }
}

Result<std::vector<Command>> MakeCommands(const GeneratorOptions& options) {
  std::vector<std::pair<std::string, std::string>> texts;  // command, expected reply
  std::string value = CommandTemplate::Value(options.value_size);
  std::string bulk = "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
  if (!options.command.empty()) {
    for (const std::string& text : SplitCommands(options.command)) texts.push_back({text, ""});
  } else if (options.fill) {
    std::string expiry = options.ttl_ms_max > 0 ? " PXAT {expiry}" : "";
    texts.push_back({"SET {key} {value}" + expiry, "+OK\r\n"});
  } else {
    texts.push_back({"GET {key}", bulk});
    texts.push_back({"SET {key} {value}", "+OK\r\n"});
  }
  std::vector<Command> commands;
  for (const auto& [text, reply] : texts) {
    auto parsed = CommandTemplate::Parse(text, {options.key_size, options.value_size});
    if (!parsed) return parsed.error();
    commands.push_back({*parsed, reply});
  }
  if (!options.command.empty() && options.pipeline % commands.size() != 0) {
    return Error{"--pipeline is no multiple of the number of commands"};
  }
  return commands;
}

Result<int> ConnectSocket(const GeneratorOptions& options) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = options.unix_socket.empty() ? AF_INET : AF_UNIX;
  if (family == AF_INET) {
    auto* address = reinterpret_cast<sockaddr_in*>(&storage);
    address->sin_family = AF_INET;
    address->sin_port = htons(static_cast<uint16_t>(options.port));
    size = sizeof(*address);
    if (inet_pton(AF_INET, options.host.c_str(), &address->sin_addr) != 1) {
      return Error{"no IPv4 address: " + options.host};
    }
  } else {
    auto* address = reinterpret_cast<sockaddr_un*>(&storage);
    address->sun_family = AF_UNIX;
    size = sizeof(*address);
    if (options.unix_socket.size() >= sizeof(address->sun_path)) return Error{"path too long"};
    std::memcpy(address->sun_path, options.unix_socket.data(), options.unix_socket.size());
  }
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&storage), size) != 0) {
    Error error{std::string("connect: ") + strerror(errno)};
    if (fd >= 0) close(fd);
    return error;
  }
  int on = 1;
  if (family == AF_INET) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

struct Connection {
  int fd = -1;
  bool subscribes = false;  // sends nothing more and throws away what comes
  int64_t sent_at_ns = 0;
  std::vector<char> output;
  size_t output_begin = 0;  // not sent yet: [output_begin, output_end)
  size_t output_end = 0;
  bool waits_to_send = false;  // the socket was full: EPOLLOUT is asked for
  std::vector<uint8_t> asked;  // index of the command, for each of this batch
  size_t answered = 0;         // how many of them have their reply
  std::vector<char> input;
  size_t input_begin = 0;  // not parsed yet: [input_begin, input_end)
  size_t input_end = 0;
};

// What happened in the measured window.
struct Measurement {
  int64_t started_ns = 0;
  int64_t duration_ns = 0;
  int64_t own_cpu_ns = 0;
  int64_t server_cpu_ns = 0;
  uint64_t operations = 0;
  uint64_t misses = 0;  // $-1 where a value could have been
  Histogram latencies;
  Histogram pauses;  // the server's shares of a probe's latencies (ServerWatch)

  void Add(uint64_t count, int64_t latency_ns, int64_t pause_ns) {
    operations += count;
    latencies.Add(latency_ns, count);
    pauses.Add(pause_ns, count);
  }
};

class Generator {
 public:
  Generator(const GeneratorOptions& options, std::vector<Command> commands);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // Connects and blocks until the work is done; fails if a connection does.
  Result<void> Run();

  void PrintJson() const;
  uint64_t errors() const { return errors_; }
  const std::string& first_error() const { return first_error_; }

 private:
  Result<void> Open();
  void Watch(Connection& connection, uint32_t events, int operation);
  void StartWindow(int64_t now_ns);
  void EndWindow(int64_t now_ns);
  void CheckTime(int64_t now_ns);
  uint8_t ChooseCommand(uint64_t i);
  // Starts the next batch, unless all requests are under way.
  Result<void> SendBatch(Connection& connection);
  Result<void> Flush(Connection& connection);
  // Waits until the server has taken it.
  Result<void> Subscribe(Connection& connection);
  Result<void> OnReadable(Connection& connection);
  // False if the front of the input is no whole reply yet.
  Result<bool> TakeReply(Connection& connection);
  void CountError(std::string_view reply);

  const GeneratorOptions options_;
  const std::vector<Command> commands_;
  const uint64_t get_threshold_;  // a random number below it is a GET
  SlotSource source_;
  ServerWatch watch_;
  std::vector<Connection> connections_;
  int epoll_fd_ = -1;
  int signal_fd_ = -1;
  uint64_t issued_ = 0;
  uint64_t answered_ = 0;
  int64_t run_started_ns_ = 0;
  enum class Phase { kWarmUp, kMeasured, kDone } phase_ = Phase::kWarmUp;
  uint64_t errors_ = 0;  // also in the warm-up
  std::string first_error_;
  Measurement window_;
};

Generator::Generator(const GeneratorOptions& options, std::vector<Command> commands)
    : options_(options),
      commands_(std::move(commands)),
      get_threshold_(static_cast<uint64_t>(options.get_share * 0x1p32)),
      source_{KeyChooser({options.distribution, options.first_key, options.keys,
                          options.zipf_exponent, options.seed}),
              {static_cast<uint64_t>(ReadClockNs(CLOCK_REALTIME)) / 1'000'000, options.ttl_ms_min,
               options.ttl_ms_max, options.first_key, options.keys},
              Random(options.seed + 1)},
      watch_(options.server_pid) {}

Generator::~Generator() {
  for (const Connection& connection : connections_) close(connection.fd);
  if (signal_fd_ >= 0) close(signal_fd_);
  if (epoll_fd_ >= 0) close(epoll_fd_);
}

Result<void> Generator::Open() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  signal_fd_ = signalfd(-1, &signals, SFD_CLOEXEC);
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (signal_fd_ < 0 || epoll_fd_ < 0) return Error{strerror(errno)};
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, signal_fd_, &event);

  size_t command_size = 0;
  size_t reply_size = 64;
  for (const Command& command : commands_) {
    command_size = std::max(command_size, command.bytes.size());
    reply_size = std::max(reply_size, command.expected_reply.size());
  }
  // The pointers to them, in epoll, are good as long as the vector does not grow.
  connections_.resize(options_.subscribers + options_.connections);
  for (size_t i = 0; i < options_.subscribers; ++i) connections_[i].subscribes = true;
  for (Connection& connection : connections_) {
    auto fd = ConnectSocket(options_);
    if (!fd) return fd.error();
    connection.fd = *fd;
    connection.output.resize(command_size * options_.pipeline);
    connection.asked.reserve(options_.pipeline);
    connection.input.resize(std::max<size_t>(reply_size * options_.pipeline, 16 * 1024));
    Watch(connection, EPOLLIN, EPOLL_CTL_ADD);
  }
  return {};
}

void Generator::Watch(Connection& connection, uint32_t events, int operation) {
  epoll_event event{.events = events, .data = {.ptr = &connection}};
  epoll_ctl(epoll_fd_, operation, connection.fd, &event);
}

void Generator::StartWindow(int64_t now_ns) {
  phase_ = Phase::kMeasured;
  window_ = Measurement{};
  window_.started_ns = now_ns;
  window_.own_cpu_ns = ReadClockNs(CLOCK_PROCESS_CPUTIME_ID);
  window_.server_cpu_ns = ProcessCpuNs(options_.server_pid);
}

void Generator::EndWindow(int64_t now_ns) {
  if (phase_ == Phase::kDone) return;
  if (phase_ == Phase::kWarmUp) StartWindow(now_ns);
  phase_ = Phase::kDone;
  window_.duration_ns = now_ns - window_.started_ns;
  window_.own_cpu_ns = ReadClockNs(CLOCK_PROCESS_CPUTIME_ID) - window_.own_cpu_ns;
  window_.server_cpu_ns = ProcessCpuNs(options_.server_pid) - window_.server_cpu_ns;
}

void Generator::CheckTime(int64_t now_ns) {
  auto over = [&](int64_t since_ns, double seconds) {
    return static_cast<double>(now_ns - since_ns) >= seconds * 1e9;
  };
  if (phase_ == Phase::kWarmUp && over(run_started_ns_, options_.warmup_seconds)) {
    StartWindow(now_ns);
  } else if (phase_ == Phase::kMeasured && options_.requests == 0 &&
             over(window_.started_ns, options_.seconds)) {
    EndWindow(now_ns);
  }
}

Result<void> Generator::Run() {
  auto opened = Open();
  if (!opened) return opened;
  run_started_ns_ = NowNs();
  CheckTime(run_started_ns_);
  for (Connection& connection : connections_) {
    auto sent = connection.subscribes ? Subscribe(connection) : SendBatch(connection);
    if (!sent) return sent;
  }
  std::array<epoll_event, 256> events;
  const int timeout_ms = options_.wait == WaitMode::kSpin ? 0 : 100;
  while (phase_ != Phase::kDone) {
    int ready = epoll_wait(epoll_fd_, events.data(), events.size(), timeout_ms);
    if (ready == 0) CheckTime(NowNs());
    for (int i = 0; i < ready && phase_ != Phase::kDone; i++) {
      auto* connection = static_cast<Connection*>(events[i].data.ptr);
      if (connection == nullptr) {
        EndWindow(NowNs());
        break;
      }
      auto done = (events[i].events & EPOLLOUT) ? Flush(*connection) : OnReadable(*connection);
      if (!done) return done;
    }
  }
  return {};
}

// For place `i` of a batch.
uint8_t Generator::ChooseCommand(uint64_t i) {
  if (!options_.command.empty()) return static_cast<uint8_t>(i % commands_.size());
  if (commands_.size() == 1) return 0;
  return (source_.random.Next() >> 32) < get_threshold_ ? 0 : 1;
}

Result<void> Generator::SendBatch(Connection& connection) {
  uint64_t count = options_.pipeline;
  if (options_.requests > 0) count = std::min(count, options_.requests - issued_);
  if (count == 0) return {};
  issued_ += count;
  if (options_.interval_us > 0) {
    timespec pause{.tv_sec = static_cast<time_t>(options_.interval_us / 1'000'000),
                   .tv_nsec = static_cast<long>(options_.interval_us % 1'000'000 * 1000)};
    nanosleep(&pause, nullptr);
    watch_.StartRoundTrip();
  }
  connection.asked.clear();
  connection.answered = 0;
  char* out = connection.output.data();
  for (uint64_t i = 0; i < count; i++) {
    const uint8_t index = ChooseCommand(i);
    connection.asked.push_back(index);
    out = commands_[index].bytes.Append(out, source_);
  }
  connection.output_begin = 0;
  connection.output_end = static_cast<size_t>(out - connection.output.data());
  connection.sent_at_ns = NowNs();
  return Flush(connection);
}

Result<void> Generator::Flush(Connection& connection) {
  while (connection.output_begin < connection.output_end) {
    ssize_t sent =
        send(connection.fd, connection.output.data() + connection.output_begin,
             connection.output_end - connection.output_begin, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      // Still with EPOLLIN: a server may not read on before its replies are taken.
      if (!connection.waits_to_send) Watch(connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
      connection.waits_to_send = true;
      return {};
    }
    if (sent < 0) return Error{std::string("send: ") + strerror(errno)};
    connection.output_begin += static_cast<size_t>(sent);
  }
  if (connection.waits_to_send) Watch(connection, EPOLLIN, EPOLL_CTL_MOD);
  connection.waits_to_send = false;
  return {};
}

Result<void> Generator::Subscribe(Connection& connection) {
  const std::string name = options_.channel;
  const std::string request =
      "*2\r\n$9\r\nSUBSCRIBE\r\n$" + std::to_string(name.size()) + "\r\n" + name + "\r\n";
  connection.input.resize(64 * 1024);
  const bool sent = send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL) > 0;
  if (!sent || recv(connection.fd, connection.input.data(), connection.input.size(), 0) <= 0) {
    return Error{"the server did not take a subscriber"};
  }
  return {};
}

Result<void> Generator::OnReadable(Connection& connection) {
  if (connection.input_begin == connection.input_end) {
    connection.input_begin = connection.input_end = 0;
  } else if (connection.input_end == connection.input.size()) {
    size_t left = connection.input_end - connection.input_begin;
    if (connection.input_begin == 0) connection.input.resize(connection.input.size() * 2);
    std::memmove(connection.input.data(), connection.input.data() + connection.input_begin, left);
    connection.input_begin = 0;
    connection.input_end = left;
  }
  ssize_t received = recv(connection.fd, connection.input.data() + connection.input_end,
                          connection.input.size() - connection.input_end, MSG_DONTWAIT);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (received <= 0) return Error{"the server closed a connection"};
  if (connection.subscribes) return {};
  connection.input_end += static_cast<size_t>(received);

  size_t before = connection.answered;
  while (connection.answered < connection.asked.size()) {
    auto taken = TakeReply(connection);
    if (!taken) return taken.error();
    if (!*taken) break;
    connection.answered++;
  }
  int64_t now_ns = NowNs();
  uint64_t count = connection.answered - before;
  int64_t latency_ns = now_ns - connection.sent_at_ns;
  int64_t pause_ns = options_.interval_us > 0 ? watch_.PauseNs(latency_ns) : 0;
  window_.Add(count, latency_ns, pause_ns);
  answered_ += count;
  CheckTime(now_ns);
  if (options_.requests > 0 && answered_ == options_.requests) EndWindow(now_ns);
  if (phase_ == Phase::kDone || connection.answered < connection.asked.size()) return {};
  return SendBatch(connection);
}

Result<bool> Generator::TakeReply(Connection& connection) {
  std::string_view input(connection.input.data() + connection.input_begin,
                         connection.input_end - connection.input_begin);
  const std::string& expected = commands_[connection.asked[connection.answered]].expected_reply;
  if (!expected.empty() && input.starts_with(expected)) {
    connection.input_begin += expected.size();
    return true;
  }
  auto length = ReplyLength(input);
  if (!length) return Error{"no RESP reply: " + Quote(input.substr(0, 100))};
  if (*length == 0) return false;
  std::string_view reply = input.substr(0, *length);
  connection.input_begin += *length;
  bool null = reply.starts_with("$-1") || reply.starts_with("_");
  if (null && (expected.empty() || expected.front() == '$')) {
    window_.misses++;
  } else if (!expected.empty() || reply.front() == '-' || reply.front() == '!') {
    CountError(reply);
  }
  return true;
}

void Generator::CountError(std::string_view reply) {
  if (errors_++ == 0) first_error_ = Quote(reply.substr(0, 200));
}

void Generator::PrintJson() const {
  double operations = static_cast<double>(std::max<uint64_t>(window_.operations, 1));
  double seconds = static_cast<double>(std::max<int64_t>(window_.duration_ns, 1)) / 1e9;
  auto microseconds = [&](double share) {
    return static_cast<double>(window_.latencies.Percentile(share)) / 1e3;
  };
  std::printf("{\"operations\": %llu, \"seconds\": %.3f, \"ops_per_second\": %.0f, ",
              static_cast<unsigned long long>(window_.operations), seconds, operations / seconds);
  std::printf("\"errors\": %llu, \"misses\": %llu, ", static_cast<unsigned long long>(errors_),
              static_cast<unsigned long long>(window_.misses));
  std::printf("\"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"max_us\": %.2f, ",
              microseconds(0.5), microseconds(0.99), microseconds(0.999),
              static_cast<double>(window_.latencies.Max()) / 1e3);
  std::printf("\"server_cpu_us_per_op\": %.4f, \"server_busy\": %.3f, ",
              static_cast<double>(window_.server_cpu_ns) / 1e3 / operations,
              static_cast<double>(window_.server_cpu_ns) / 1e9 / seconds);
  std::printf("\"client_cpu_us_per_op\": %.4f, \"client_busy\": %.3f, ",
              static_cast<double>(window_.own_cpu_ns) / 1e3 / operations,
              static_cast<double>(window_.own_cpu_ns) / 1e9 / seconds);
  std::printf("\"pause_p50_us\": %.2f, \"pause_p999_us\": %.2f, \"pause_max_us\": %.2f, ",
              static_cast<double>(window_.pauses.Percentile(0.5)) / 1e3,
              static_cast<double>(window_.pauses.Percentile(0.999)) / 1e3,
              static_cast<double>(window_.pauses.Max()) / 1e3);
  std::printf("\"sees_stolen_time\": %s, \"base_unix_ms\": %llu}\n",
              watch_.sees_stolen_time() ? "true" : "false",
              static_cast<unsigned long long>(source_.expiry.base_ms));
}

int Main(const std::vector<std::string>& arguments) {
  auto options = ParseOptions(arguments);
  if (!options) {
    std::fprintf(stderr, "load_generator: %s\n", options.error().message.c_str());
    return 2;
  }
  auto commands = MakeCommands(*options);
  if (!commands) {
    std::fprintf(stderr, "load_generator: %s\n", commands.error().message.c_str());
    return 2;
  }
  Generator generator(*options, *commands);
  auto done = generator.Run();
  if (!done) {
    std::fprintf(stderr, "load_generator: %s\n", done.error().message.c_str());
    return 1;
  }
  generator.PrintJson();
  if (generator.errors() == 0) return 0;
  std::fprintf(stderr, "load_generator: wrong reply: %s\n", generator.first_error().c_str());
  return 1;
}

}  // namespace
}  // namespace strata::bench

int main(int argc, char** argv) {
  return strata::bench::Main(std::vector<std::string>(argv + 1, argv + argc));
}
