#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "storage/shard.h"

namespace strata {

// A key of one of the databases. Owns its bytes.
struct DatabaseKey {
  int database = 0;
  uint64_t hash = 0;
  std::string bytes;

  DatabaseKey() = default;
  DatabaseKey(int of_database, const KeyRef& key)
      : database(of_database), hash(key.hash), bytes(key.bytes) {}

  KeyRef ref() const { return {bytes, hash}; }
};

// The same without owning them: to look for one.
struct DatabaseKeyView {
  int database;
  KeyRef key;
};

struct DatabaseKeyLess {
  using is_transparent = void;

  static DatabaseKeyView View(const DatabaseKey& key) { return {key.database, key.ref()}; }
  static DatabaseKeyView View(const DatabaseKeyView& key) { return key; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    const DatabaseKeyView left = View(a);
    const DatabaseKeyView right = View(b);
    return std::tie(left.key.hash, left.database, left.key.bytes) <
           std::tie(right.key.hash, right.database, right.key.bytes);
  }
};

template <class Value>
using DatabaseKeyMap = std::map<DatabaseKey, Value, DatabaseKeyLess>;

}  // namespace strata
