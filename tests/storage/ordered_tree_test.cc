#include "storage/ordered_tree.h"

#include <catch2/catch.hpp>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

using Pair = std::pair<double, std::string>;

// Compares a tree with std::set under random changes.
class TreeModel {
 public:
  explicit TreeModel(uint64_t seed) : random_(seed) {}
  ~TreeModel() {
    for (auto& [member, element] : elements_) ScoredMember::Delete(element);
  }

  // Members are drawn from `members`, scores from `scores` values: few make
  // many equal.
  void Change(uint64_t members, uint64_t scores, int changes, uint64_t insert_percent) {
    for (int i = 0; i < changes; ++i) {
      std::string member = "m" + std::to_string(random_.Below(members));
      auto score = static_cast<double>(random_.Below(scores)) - static_cast<double>(scores) / 3;
      if (random_.Below(100) < insert_percent) {
        Set(member, score);
      } else {
        Remove(member);
      }
    }
  }

  void Set(const std::string& member, double score) {
    ScoredMember*& element = elements_[member];
    if (element == nullptr) {
      element = ScoredMember::New(member, score);
      tree_.Insert(element);
    } else {
      order_.erase({element->score(), member});
      tree_.Move(element, score);
    }
    order_.insert({score, member});
  }

  void Remove(const std::string& member) {
    auto found = elements_.find(member);
    if (found == elements_.end()) return;
    order_.erase({found->second->score(), member});
    tree_.Erase(found->second);
    ScoredMember::Delete(found->second);
    elements_.erase(found);
  }

  void Compare() {
    tree_.CheckInvariants();
    REQUIRE(tree_.size() == order_.size());
    size_t rank = 0;
    OrderedTree::Iterator forward = tree_.At(0);
    for (const auto& [score, member] : order_) {
      if (!forward || forward.score() != score || forward.element()->key() != member) {
        FAIL("element " << rank);
      }
      if (tree_.Rank(elements_[member]) != rank) FAIL("rank of " << member);
      if (tree_.At(rank).element() != forward.element()) FAIL("element at " << rank);
      forward.Next();
      ++rank;
    }
    REQUIRE_FALSE(forward);
    REQUIRE_FALSE(tree_.At(rank));
    if (rank > 0) CompareBackward(rank);
  }

  void CompareBounds(uint64_t scores) {
    for (int i = 0; i < 200; ++i) {
      auto score = static_cast<double>(random_.Below(scores)) - static_cast<double>(scores) / 3;
      if (i == 0) score = std::numeric_limits<double>::infinity();
      if (i == 1) score = -std::numeric_limits<double>::infinity();
      CompareBound(tree_.LowerBound(score, BoundKind::kInclusive), order_.lower_bound({score, ""}));
      CompareBound(tree_.LowerBound(score, BoundKind::kExclusive),
                   order_.lower_bound({score, "~"}));
    }
  }

  // REQUIRES: all scores are `score`.
  void CompareMembers(double score) {
    for (int i = 0; i < 200; ++i) {
      std::string member = "m" + std::to_string(random_.Below(100'000));
      CompareBound(tree_.LowerBound(member, BoundKind::kInclusive),
                   order_.lower_bound({score, member}));
      CompareBound(tree_.LowerBound(member, BoundKind::kExclusive),
                   order_.upper_bound({score, member}));
    }
  }

  const OrderedTree& tree() const { return tree_; }

 private:
  void CompareBackward(size_t size) {
    OrderedTree::Iterator backward = tree_.At(size - 1);
    for (auto expected = order_.rbegin(); expected != order_.rend(); ++expected) {
      if (!backward || backward.element()->key() != expected->second) FAIL("backward");
      backward.Previous();
    }
    REQUIRE_FALSE(backward);
  }

  void CompareBound(const OrderedTree::Place& place, std::set<Pair>::const_iterator expected) {
    auto rank = static_cast<size_t>(std::distance(order_.cbegin(), expected));
    if (place.rank != rank) FAIL("bound's rank " << place.rank << ", not " << rank);
    bool there = expected != order_.cend();
    if (static_cast<bool>(place.iterator) != there) FAIL("bound at rank " << rank);
    if (there && place.iterator.element()->key() != expected->second) FAIL("bound's element");
  }

  Random random_;
  std::unordered_map<std::string, ScoredMember*> elements_;
  std::set<Pair> order_;
  OrderedTree tree_;
};

TEST_CASE("an empty ordered tree has no places") {
  OrderedTree tree;
  CHECK_FALSE(tree.At(0));
  CHECK_FALSE(tree.LowerBound(1.0, BoundKind::kInclusive).iterator);
  CHECK_FALSE(tree.LowerBound("a", BoundKind::kInclusive).iterator);
  CHECK(tree.memory_bytes() == 0);
  tree.CheckInvariants();
}

TEST_CASE("an ordered tree holds what std::set holds after random changes") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  const uint64_t members = GENERATE(5u, 40u, 400u, 5'000u);
  const uint64_t scores = GENERATE(1u, 7u, 1'000'000u);
  CAPTURE(seed, members, scores);
  TreeModel model(seed);
  for (uint64_t insert_percent : {90, 50, 20, 95, 3}) {
    model.Change(members, scores, static_cast<int>(members) * 2, insert_percent);
    model.Compare();
    model.CompareBounds(scores);
  }
}

TEST_CASE("an ordered tree finds members among equal scores") {
  TreeModel model(4);
  for (int i = 0; i < 20'000; i += 3) model.Set("m" + std::to_string(i), 7);
  model.CompareMembers(7);
}

TEST_CASE("an ordered tree of rising or falling scores has full leaves") {
  const int direction = GENERATE(1, -1);
  TreeModel model(5);
  for (int i = 0; i < 30'000; ++i) model.Set("m" + std::to_string(i), i * direction);
  model.Compare();
  CHECK(model.tree().memory_bytes() < 30'000 * 20);
  for (int i = 0; i < 30'000; i += 2) model.Remove("m" + std::to_string(i));
  model.Compare();
  for (int i = 1; i < 30'000; i += 2) model.Remove("m" + std::to_string(i));
  model.Compare();
  CHECK(model.tree().memory_bytes() == 0);
}

TEST_CASE(
    "an ordered tree of 100,000 random scores takes little memory and "
    "gives it back") {
  TreeModel model(6);
  model.Change(100'000, 1'000'000'000, 300'000, 100);
  model.Compare();
  const size_t full_bytes = model.tree().memory_bytes();
  CHECK(full_bytes < model.tree().size() * 32);
  model.Change(100'000, 1'000'000'000, 300'000, 0);
  model.Compare();
  CHECK(model.tree().memory_bytes() < full_bytes / 4);
}

TEST_CASE("scored members keep their bytes at every size") {
  for (size_t size : {0u, 1u, 254u, 255u, 256u, 100'000u}) {
    std::string member(size, 'x');
    ScoredMember* element = ScoredMember::New(member, 2.5);
    CHECK(element->key() == member);
    CHECK(element->score() == 2.5);
    CHECK(reinterpret_cast<uintptr_t>(element) % 16 == 0);
    CHECK(element->AllocatedBytes() >= 9);
    ScoredMember::Delete(element);
  }
}

}  // namespace
}  // namespace strata
