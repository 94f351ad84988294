#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/shared_bytes.h"

namespace strata {

// Bytes on their way to a socket: one run of copied bytes, with big shared values referred to at
// their places instead of copied (scatter/gather write). Owned by one thread.
//
//   bytes_        |  $20000\r\n  |  \r\n+OK\r\n$30000\r\n  |  \r\n  |
//   attachments_                 ^ blob A                  ^ blob B
class OutputQueue {
 public:
  ByteBuffer& bytes() { return bytes_; }
  void Append(std::string_view bytes) { bytes_.Append(bytes); }
  // All of another queue, behind what was appended so far. REQUIRES: nothing of it was consumed.
  void Append(OutputQueue&& other);
  // The shared value goes out after all that was appended so far.
  void Attach(SharedBytes blob);

  // Unsent bytes.
  size_t size() const { return bytes_.size() - sent_bytes_ + attached_size_; }
  bool empty() const { return size() == 0; }

  // The next bytes to write, as many as fit in `out`; returns how many elements are filled.
  size_t Gather(std::span<iovec> out) const;
  // Appends all unsent bytes to `out`, which then refers to nothing shared.
  void CopyTo(std::string& out) const;
  // `count` bytes of what Gather returned have been written.
  void Consume(size_t count);
  void Clear();

 private:
  struct Attachment {
    size_t position;  // in bytes_: goes out before the byte at this index
    SharedBytes blob;
    size_t sent = 0;
  };

  ByteBuffer bytes_;
  size_t sent_bytes_ = 0;
  std::vector<Attachment> attachments_;
  size_t first_attachment_ = 0;  // those before it are sent
  size_t attached_size_ = 0;     // unsent bytes in attachments
};

}  // namespace strata
