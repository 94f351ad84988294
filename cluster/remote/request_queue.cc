#include "cluster/remote/request_queue.h"

#include <cstring>

#include "base/number.h"

namespace strata {
namespace {

// Below this, moving bytes costs less than thinking about it, and memory is not given back.
constexpr size_t kSmallBytes = 256 * 1024;

// "*3\r\n" or "$17\r\n"; returns the end.
char* WriteHeader(char* out, char type, size_t number) {
  *out++ = type;
  out += FormatInt64(static_cast<int64_t>(number), out);
  *out++ = '\r';
  *out++ = '\n';
  return out;
}

}  // namespace

void RequestQueue::Append(const RemoteRequest& request, RequestArguments arguments) {
  constexpr size_t kMostHeaderBytes = 24;
  MakeRoom();
  size_t most = kMostHeaderBytes;
  for (std::string_view argument : arguments) most += kMostHeaderBytes + argument.size() + 2;
  char* const start = bytes_.Prepare(most);
  char* out = WriteHeader(start, '*', arguments.size());
  for (std::string_view argument : arguments) {
    out = WriteHeader(out, '$', argument.size());
    if (!argument.empty()) std::memcpy(out, argument.data(), argument.size());
    out += argument.size();
    *out++ = '\r';
    *out++ = '\n';
  }
  const auto written = static_cast<size_t>(out - start);
  bytes_.Commit(written);
  requests_.Push({request, written});
}

void RequestQueue::AppendEncoded(const RemoteRequest& request, std::string_view encoded) {
  MakeRoom();
  bytes_.Append(encoded);
  requests_.Push({request, encoded.size()});
}

RequestQueue::Answered RequestQueue::Pop() {
  const Place place = requests_.Pop();
  const std::string_view encoded = bytes_.view().substr(answered_, place.bytes);
  answered_ += place.bytes;
  return {place.request, encoded};
}

void RequestQueue::MakeRoom() {
  if (answered_ == bytes_.size()) {
    bytes_.Clear();
  } else if (answered_ > kSmallBytes && answered_ > bytes_.size() / 2) {
    bytes_.RemovePrefix(answered_);
  } else {
    return;
  }
  sent_ -= answered_;
  answered_ = 0;
}

void RequestQueue::Trim() {
  if (!requests_.empty() || bytes_.capacity() <= kSmallBytes) return;
  bytes_.Release();
  answered_ = sent_ = 0;
}

void RequestQueue::DropBytes() {
  bytes_.Release();
  answered_ = sent_ = 0;
}

}  // namespace strata
