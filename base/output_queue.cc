#include "base/output_queue.h"

#include <algorithm>

namespace strata {

void OutputQueue::Attach(SharedBytes blob) {
  attached_size_ += blob.view().size();
  attachments_.push_back({bytes_.size(), std::move(blob)});
}

void OutputQueue::Append(OutputQueue&& other) {
  for (Attachment& attachment : other.attachments_) {
    attachments_.push_back({bytes_.size() + attachment.position, std::move(attachment.blob)});
  }
  bytes_.Append(other.bytes_.view());
  attached_size_ += other.attached_size_;
  other.Clear();
}

size_t OutputQueue::Gather(std::span<iovec> out) const {
  size_t count = 0;
  size_t position = sent_bytes_;
  auto add = [&](const char* data, size_t size) {
    if (size > 0) out[count++] = {const_cast<char*>(data), size};
  };
  for (size_t i = first_attachment_; i < attachments_.size() && count + 2 <= out.size(); ++i) {
    const Attachment& attachment = attachments_[i];
    add(bytes_.data() + position, attachment.position - position);
    position = attachment.position;
    std::string_view rest = attachment.blob.view().substr(attachment.sent);
    add(rest.data(), rest.size());
    if (i + 1 == attachments_.size() && count < out.size()) {
      add(bytes_.data() + position, bytes_.size() - position);
    }
  }
  if (first_attachment_ == attachments_.size()) {
    add(bytes_.data() + position, bytes_.size() - position);
  }
  return count;
}

void OutputQueue::CopyTo(std::string& out) const {
  size_t position = sent_bytes_;
  for (size_t i = first_attachment_; i < attachments_.size(); ++i) {
    const Attachment& attachment = attachments_[i];
    out.append(bytes_.view().substr(position, attachment.position - position));
    out.append(attachment.blob.view().substr(attachment.sent));
    position = attachment.position;
  }
  out.append(bytes_.view().substr(position));
}

void OutputQueue::Consume(size_t count) {
  while (count > 0) {
    bool attached = first_attachment_ < attachments_.size();
    size_t run_end = attached ? attachments_[first_attachment_].position : bytes_.size();
    size_t step = std::min(count, run_end - sent_bytes_);
    sent_bytes_ += step;
    count -= step;
    if (!attached || count == 0) break;
    Attachment& attachment = attachments_[first_attachment_];
    step = std::min(count, attachment.blob.view().size() - attachment.sent);
    attachment.sent += step;
    attached_size_ -= step;
    count -= step;
    if (attachment.sent == attachment.blob.view().size()) {
      attachment.blob = SharedBytes();
      ++first_attachment_;
    }
  }
  if (empty()) {
    Clear();
  } else if (sent_bytes_ > bytes_.size() / 2 && sent_bytes_ > 64 * 1024) {
    // A reader that is always behind must not keep what it has read.
    bytes_.RemovePrefix(sent_bytes_);
    attachments_.erase(attachments_.begin(), attachments_.begin() + first_attachment_);
    for (Attachment& attachment : attachments_) attachment.position -= sent_bytes_;
    first_attachment_ = 0;
    sent_bytes_ = 0;
  }
}

void OutputQueue::Clear() {
  constexpr size_t kKeptCapacity = 64 * 1024;
  if (bytes_.capacity() > kKeptCapacity) {
    bytes_.Release();
  } else {
    bytes_.Clear();
  }
  attachments_.clear();
  sent_bytes_ = first_attachment_ = attached_size_ = 0;
}

}  // namespace strata
