#pragma once

// What is asked of a tier besides values: which names are there, and whose they are.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/tiers/tier.h"

namespace strata {

// One I/O thread's own. Each request that it accepts (true) is answered once, on the same thread,
// and never before the call returns; at the tier's end, no more. An answer's views are good until
// it returns; it may ask again.
class TierUpkeep {
 public:
  // The value that was read, if one was.
  using Answer = std::function<void(TierOutcome, std::string_view value)>;

  struct Place {
    std::string server;
    uint64_t cursor = 0;  // 0: its beginning
  };
  struct Page {
    uint64_t next = 0;  // where it goes on; 0: it does not
    std::vector<std::string_view> names;
  };
  using PageAnswer = std::function<void(TierOutcome, const Page&)>;

  virtual ~TierUpkeep() = default;

  // Each holds a part of the names.
  virtual std::vector<std::string> Servers() const = 0;
  // Names that begin with `prefix`, in which there is no glob pattern. A name that is there all the
  // time from the beginning to the end is on one of the pages, or on several; the server looks at
  // about `count` names for one, whatever they begin with.
  [[nodiscard]] virtual bool List(const Place& place, std::string_view prefix, size_t count,
                                  PageAnswer answer) = 0;
  // As Tier's; but for names that nobody else asks for.
  [[nodiscard]] virtual bool Erase(std::string_view name, Answer answer) = 0;

  // As Tier's store, of a value that does not end, for a name that nobody else asks for.
  [[nodiscard]] virtual bool Keep(std::string_view name, std::string_view value, Answer answer) = 0;

  // A record: a short value that ends by itself, and is done as one step.
  // kAbsent: nothing is done, since there is one.
  [[nodiscard]] virtual bool Claim(std::string_view name, std::string_view value, int64_t ms,
                                   Answer answer) = 0;
  // It lives that long from now on, whoever made it.
  [[nodiscard]] virtual bool Prolong(std::string_view name, int64_t ms, Answer answer) = 0;
  // A record, or what is kept.
  [[nodiscard]] virtual bool Read(std::string_view name, Answer answer) = 0;
};

}  // namespace strata
