#include "server/effects/effect_buffer.h"

#include <utility>

#include "base/number.h"

namespace strata {
namespace {

// What is kept for the next command, where this one told more.
constexpr size_t kKeptBytes = size_t{1} << 20;

}  // namespace

std::string_view EffectWord::Text(StreamIdScratch& scratch) const {
  if (const auto* text = std::get_if<std::string_view>(&word_)) return *text;
  if (const auto* key = std::get_if<Key>(&word_)) return key->bytes;
  if (const auto* id = std::get_if<StreamId>(&word_)) return FormatStreamId(*id, scratch);
  return {scratch.text, FormatInt64(std::get<int64_t>(word_), scratch.text)};
}

void EffectBuffer::Add(const Origin& origin, std::span<const EffectWord> words, Words more) {
  for (const EffectWord& word : words) {
    StreamIdScratch scratch;
    AddWord(word.Text(scratch));
    if (word.is_key()) keys_.push_back(words_.back());
  }
  for (std::string_view word : more) AddWord(word);
  End(origin);
}

void EffectBuffer::AddCall(const Origin& origin, Words arguments, std::span<const KeyRef> keys) {
  size_t next_key = 0;  // mostly, keys stand in the arguments' order
  for (std::string_view argument : arguments) {
    AddWord(argument);
    if (next_key < keys.size() && keys[next_key].bytes.data() == argument.data()) {
      keys_.push_back(words_.back());
      ++next_key;
    }
  }
  for (; next_key < keys.size(); ++next_key) AddKey(keys[next_key].bytes);
  End(origin);
}

void EffectBuffer::NoteGivenExpiry(std::string_view key, int64_t expiry_ms) {
  given_expiries_.push_back({std::string(key), expiry_ms});
}

void EffectBuffer::AddGivenExpiries(const Origin& origin) {
  for (const GivenExpiry& given : std::exchange(given_expiries_, {})) {
    const EffectWord words[] = {"PEXPIREAT", KeyRef{given.key, 0}, given.expiry_ms};
    Add(origin, words, {});
  }
}

void EffectBuffer::AddWord(std::string_view text) {
  words_.push_back({bytes_.size(), text.size()});
  bytes_ += text;
}

void EffectBuffer::AddKey(std::string_view text) {
  keys_.push_back({bytes_.size(), text.size()});
  bytes_ += text;
}

void EffectBuffer::End(const Origin& origin) {
  time_ms_ = origin.time_ms;
  pending_.push_back({origin.database, words_.size(), keys_.size()});
}

void EffectBuffer::DeliverAll() {
  const auto views_of = [this](const std::vector<Slice>& slices) {
    std::vector<std::string_view> views;
    views.reserve(slices.size());
    for (const Slice& slice : slices) views.emplace_back(bytes_.data() + slice.begin, slice.size);
    return views;
  };
  const std::vector<std::string_view> words = views_of(words_);
  const std::vector<std::string_view> keys = views_of(keys_);
  std::vector<Effect> effects;
  effects.reserve(pending_.size());
  size_t words_begin = 0;
  size_t keys_begin = 0;
  for (const Pending& pending : pending_) {
    effects.push_back({pending.database,
                       Words(words).subspan(words_begin, pending.words_end - words_begin),
                       Words(keys).subspan(keys_begin, pending.keys_end - keys_begin)});
    words_begin = pending.words_end;
    keys_begin = pending.keys_end;
  }
  effects_.Tell({time_ms_, effects});
  words_.clear();
  keys_.clear();
  pending_.clear();
  bytes_.clear();
  if (bytes_.capacity() > kKeptBytes) bytes_ = {};
}

}  // namespace strata
