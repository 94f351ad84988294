#include "server/tiers/key_source.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace strata {
namespace {

using SharedRing = std::shared_ptr<const tiers::KeyRing>;

constexpr size_t kMostFileBytes = 64 * 1024;

// The file's text, wiped when it goes. It never grows: that would leave a copy behind.
class SecretText {
 public:
  SecretText() : bytes_(kMostFileBytes + 1) {}
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  Result<void> ReadFile(const std::string& path) {
    const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return Error{std::strerror(errno)};
    while (size_ < bytes_.size()) {
      const ssize_t count = read(file.get(), bytes_.data() + size_, bytes_.size() - size_);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Error{std::strerror(errno)};
      if (count == 0) return {};
      size_ += static_cast<size_t>(count);
    }
    return Error{"it has more than " + std::to_string(kMostFileBytes) + " bytes"};
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::vector<char> bytes_;
  size_t size_ = 0;
};

Result<SharedRing> Parse(std::string_view text, std::optional<uint32_t> writing_id) {
  Result<tiers::KeyRing> ring = tiers::KeyRing::Parse(text, writing_id);
  if (!ring) return ring.error();
  return SharedRing(std::make_shared<const tiers::KeyRing>(std::move(*ring)));
}

Result<SharedRing> ParseFile(const std::string& path, std::optional<uint32_t> writing_id) {
  SecretText text;
  if (Result<void> read = text.ReadFile(path); !read) return read.error();
  return Parse(text.view(), writing_id);
}

Result<SharedRing> ParseVariable(const std::string& name, std::optional<uint32_t> writing_id) {
  const char* text = std::getenv(name.c_str());
  if (text == nullptr) return Error{"there is no such variable"};
  return Parse(text, writing_id);
}

}  // namespace

Result<SharedRing> ReadKeys(const TierDefinition& definition, std::optional<uint32_t> writing_id) {
  if (!definition.encrypts()) return SharedRing();
  const bool is_file = !definition.encryption_key_file.empty();
  const std::string& where =
      is_file ? definition.encryption_key_file : definition.encryption_key_env;
  Result<SharedRing> ring =
      is_file ? ParseFile(where, writing_id) : ParseVariable(where, writing_id);
  if (ring) return ring;
  return Error{(is_file ? "encryption-key-file " : "encryption-key-env ") + where + ": " +
               ring.error().message};
}

}  // namespace strata
