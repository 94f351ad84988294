#pragma once

// The clients of a thread whose requests are ready run together:
//
//   AddRead, Add ...   one has sent something
//   Run                parse the requests of all  ->  resolve, hash and prefetch their keys
//                      ->  execute them, client by client  ->  tell each how far it came
//
// With one request from each of fifty clients, as with fifty from one, the table's cache lines
// travel while other requests run, and the world's lock and the clock are looked at once. A client
// with more requests than a batch has room for gets its next turn behind the others.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "server/session.h"

namespace strata {

// One I/O thread's own.
class Round {
 public:
  // A client that takes part.
  class Member {
   public:
    virtual ~Member() = default;
    virtual Session& session() = 0;
    // Outside of any batch. The input stays where it is until this returns; what the turn has not
    // used is to be kept. Must not add to the round.
    virtual void OnTurnEnd(const Turn& turn) = 0;
  };

  explicit Round(Dispatcher& dispatcher)
      : dispatcher_(dispatcher), buffer_(std::make_unique<char[]>(kBufferBytes)) {}

  // Room for what a member reads.
  std::span<char> room() { return {buffer_.get() + read_bytes_, kBufferBytes - read_bytes_}; }
  // It has read so many bytes into the room. They may be reason enough to run.
  void AddRead(Member& member, size_t bytes);
  // It has them itself.
  void Add(Member& member, std::string_view input);
  void Run();

  // For while a command of it runs and takes long: the members but the one whose command that is,
  // as a round of their own. REQUIRES: this round stays until that has run.
  std::unique_ptr<Round> TakeOthers();

 private:
  // A reader finds room for at least the difference.
  static constexpr size_t kBufferBytes = 72 * 1024;
  // Some batches' worth of short requests. Not more: it should not leave the innermost cache.
  static constexpr size_t kEnoughBytes = 8 * 1024;

  struct Entry {
    Member* member;
    Turn turn;
    bool is_over = false;
    bool is_taken = false;  // it is another round's, and over for this one
  };

  void RunBatch();
  void EndTurns();

  Dispatcher& dispatcher_;
  std::unique_ptr<char[]> buffer_;
  size_t read_bytes_ = 0;
  std::vector<Entry> entries_;
  // Of the batch under way: how many entries have a turn, and whose requests are executed.
  size_t parsed_ = 0;
  size_t running_ = 0;
};

}  // namespace strata
