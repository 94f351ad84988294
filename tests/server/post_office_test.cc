#include "server/pubsub/post_office.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "server/client.h"
#include "server/client_registry.h"

namespace strata {
namespace {

// A letter that writes itself down when it is opened.
class Note final : public Letter {
 public:
  Note(std::string& log, std::string text, size_t bytes = 1)
      : log_(log), text_(std::move(text)), bytes_(bytes) {}
  void Open(Recipients&) const override { log_ += text_; }
  size_t bytes() const override { return bytes_; }

 private:
  std::string& log_;
  std::string text_;
  size_t bytes_;
};

SharedLetter NoteOf(std::string& log, std::string text, size_t bytes = 1) {
  return std::make_shared<Note>(log, std::move(text), bytes);
}

}  // namespace

TEST_CASE("letters are opened once, in order, on the thread they were sent to") {
  ClientRegistry clients;
  PostOffice post(2, clients);
  std::string log;
  CHECK_FALSE(post.HasLetters(1));
  post.Send(1, NoteOf(log, "a"));
  post.Send(1, NoteOf(log, "b"));
  post.Send(0, NoteOf(log, "c"));
  CHECK(post.HasLetters(1));
  post.OpenLetters(1);
  CHECK(log == "ab");
  CHECK_FALSE(post.HasLetters(1));
  post.OpenLetters(1);
  post.OpenLetters(0);
  CHECK(log == "abc");
}

TEST_CASE("a bell rings once for letters that were not opened yet") {
  ClientRegistry clients;
  PostOffice post(2, clients);
  std::string log;
  int rung = 0;
  post.SetBell(1, [&] { ++rung; });
  post.RingBells();
  CHECK(rung == 0);
  post.Send(1, NoteOf(log, "a"));
  CHECK(rung == 0);  // not under the sender's locks
  post.RingBells();
  post.Send(1, NoteOf(log, "b"));
  post.RingBells();
  CHECK(rung == 1);
  post.AnswerBell(1);
  post.RingBells();
  CHECK(rung == 1);
  post.Send(1, NoteOf(log, "c"));
  post.RingBells();
  CHECK(rung == 2);
  // Opened before the bell is answered: the bell comes to nothing, and the next one rings.
  post.OpenLetters(1);
  post.AnswerBell(1);
  post.Send(1, NoteOf(log, "d"));
  post.RingBells();
  CHECK(rung == 3);
}

TEST_CASE("an inbox is full beyond its bound, until it is opened") {
  ClientRegistry clients;
  PostOffice post(2, clients);
  std::string log;
  post.Send(0, NoteOf(log, "a", PostOffice::kMostBytes));
  CHECK_FALSE(post.IsFull());
  post.Send(0, NoteOf(log, "b", 1));
  CHECK(post.IsFull());
  post.Send(0, NoteOf(log, "c", PostOffice::kMostBytes));
  post.Send(1, NoteOf(log, "d", PostOffice::kMostBytes + 1));
  post.OpenLetters(0);
  CHECK(post.IsFull());
  post.OpenLetters(1);
  CHECK_FALSE(post.IsFull());
  CHECK(log == "abcd");
}

TEST_CASE("beyond the utmost bound letters are lost, and who has subscribed is closed") {
  struct Port final : ClientPort {
    void Close() override {}
    void Resume() override {}
    void SendSoon() override { asked = true; }
    bool asked = false;
  };
  ClientRegistry clients;
  PostOffice post(2, clients);
  std::string log;
  Port port;
  Client client({});
  client.port = &port;
  post.topics(0).Add(TopicKind::kChannel, {"c", 1}, client);
  CHECK(post.Send(0, NoteOf(log, "a", PostOffice::kUtmostBytes + 1)));
  CHECK_FALSE(post.Send(0, NoteOf(log, "b")));
  CHECK(post.Send(1, NoteOf(log, "c")));
  post.OpenLetters(1);
  CHECK_FALSE(client.overrun);
  post.OpenLetters(0);
  CHECK(log == "ca");
  CHECK(client.overrun);
  CHECK(port.asked);
  CHECK(post.Send(0, NoteOf(log, "d")));
  post.topics(0).Remove(TopicKind::kChannel, {"c", 1}, client);
}

TEST_CASE("a letter that sends another one while it is opened is followed by it") {
  struct Forward final : Letter {
    Forward(PostOffice& office, SharedLetter letter) : post(office), next(std::move(letter)) {}
    void Open(Recipients&) const override { post.Send(0, next); }
    size_t bytes() const override { return 1; }
    PostOffice& post;
    SharedLetter next;
  };
  ClientRegistry clients;
  PostOffice post(1, clients);
  std::string log;
  post.Send(0, std::make_shared<Forward>(post, NoteOf(log, "b")));
  post.OpenLetters(0);
  CHECK(log.empty());
  CHECK(post.HasLetters(0));
  post.OpenLetters(0);
  CHECK(log == "b");
}

TEST_CASE("no letter is left behind without a bell", "[threads]") {
  constexpr int kSenders = 3;
  constexpr int kLetters = 20'000;
  struct Count final : Letter {
    explicit Count(int& total) : opened(total) {}
    void Open(Recipients&) const override { ++opened; }
    size_t bytes() const override { return 1; }
    int& opened;
  };
  ClientRegistry clients;
  PostOffice post(1, clients);
  std::atomic<int> rung{0};
  int opened = 0;
  post.SetBell(0, [&] {
    ++rung;
    rung.notify_one();
  });
  auto letter = std::make_shared<Count>(opened);
  std::vector<std::thread> senders;
  for (int i = 0; i < kSenders; ++i) {
    senders.emplace_back([&] {
      for (int n = 0; n < kLetters; ++n) {
        post.Send(0, letter);
        if (n % 3 == 0) post.RingBells();
      }
      post.RingBells();
    });
  }
  int answered = 0;
  while (opened < kSenders * kLetters) {
    rung.wait(answered);  // for ever, if a bell was forgotten
    answered = rung;
    if (post.HasLetters(0)) post.OpenLetters(0);  // as a thread does behind its own commands
    post.AnswerBell(0);
  }
  for (std::thread& sender : senders) sender.join();
  CHECK(opened == kSenders * kLetters);
}

}  // namespace strata
