#include "cluster/raft/store/sealed_file.h"

#include "base/byte_codec.h"
#include "cluster/raft/store/crc32c.h"
#include "cluster/raft/store/damage.h"

namespace strata::raft {
namespace {

constexpr size_t kHeadBytes = 8;

std::string PathOf(const SealedFile& file) {
  return file.folder + "/" + std::string(file.name);
}

Result<void> WriteFile(FileSystem& files, const std::string& path, std::string_view bytes) {
  const Result<std::unique_ptr<AppendFile>> file = files.Create(path);
  if (!file) return file.error();
  if (Result<void> done = (*file)->Append(bytes); !done) return done;
  return (*file)->Sync();
}

}  // namespace

Result<void> ReplaceSealed(FileSystem& files, const SealedFile& file, std::string_view contents) {
  std::string bytes;
  ByteWriter out(bytes);
  out.U32(static_cast<uint32_t>(file.kind));
  out.U32(Crc32c(contents));
  out.Bytes(contents);
  const std::string path = PathOf(file);
  const std::string unfinished = UnfinishedName(path);
  if (Result<void> done = WriteFile(files, unfinished, bytes); !done) return done;
  if (Result<void> done = files.Rename(unfinished, path); !done) return done;
  return files.SyncFolder(file.folder);
}

Result<std::string> ReadSealed(FileSystem& files, const SealedFile& file, size_t most_bytes) {
  const std::string path = PathOf(file);
  Result<std::string> bytes = files.Read(path, 0, kHeadBytes + most_bytes + 1);
  if (!bytes) return bytes;
  if (bytes->size() > kHeadBytes + most_bytes) return Damage(path, "the file is too long");
  ByteReader in(*bytes);
  const uint32_t kind = in.U32();
  const uint32_t checksum = in.U32();
  if (in.has_failed()) return Damage(path, "the file is too short");
  if (kind != static_cast<uint32_t>(file.kind)) {
    return Damage(path + ", byte 0", "this is no such file, or one of another version");
  }
  const std::string_view contents = in.Rest();
  if (checksum != Crc32c(contents)) {
    return Damage(path + ", from byte 4 on", "the checksum is not that of the contents");
  }
  return Result<std::string>(boost::system::in_place_value, contents);
}

}  // namespace strata::raft
