// RESTORE's decoder on any bytes.
//
// The first byte chooses how small the small forms are; then stand a type and a value, without the
// footer. What must hold besides what the sanitizers see: what was loaded is sound, as large as it
// says, and comes back from its own dump. A broken promise is a CHECK.

#include <string>
#include <string_view>

#include "base/check.h"
#include "storage/collection.h"
#include "storage/list_value.h"
#include "storage/rdb_load.h"
#include "storage/rdb_save.h"
#include "storage/stream.h"

namespace strata {
namespace {

constexpr std::string_view kKey = "key";

ValueLimits Limits(unsigned char choice) {
  ValueLimits limits;
  if ((choice & 1) != 0) {
    limits.hash.packed_entries = 2;
    limits.set.packed_entries = 2;
    limits.sorted_set.packed_entries = 2;
  }
  if ((choice & 2) != 0) limits.set.integer_entries = 2;
  if ((choice & 4) != 0) limits.list = ListLimits::FromOption(3);
  return limits;
}

void CheckValue(Entry& entry, const ValueLimits& limits) {
  switch (entry.type()) {
    case ValueType::kSet:
      return SetValue(entry, limits.set).CheckInvariants();
    case ValueType::kSortedSet:
      return SortedSetValue(entry, limits.sorted_set).CheckInvariants();
    case ValueType::kStream:
      return StreamOf(entry).CheckInvariants();
    default:
      break;
  }
}

size_t SizeOf(const Entry& entry) {
  return entry.is_collection() ? CollectionSize(entry.collection()) : StringLength(entry);
}

void FuzzOne(std::string_view data) {
  if (data.size() < 2) return;
  const ValueLimits limits = Limits(static_cast<unsigned char>(data[0]));
  RdbReader reader(data.substr(1));
  auto type = static_cast<RdbType>(reader.Byte());
  OwnedEntry entry = LoadValue(type, reader, kKey, std::nullopt, limits);
  if (entry == nullptr) return;
  CheckValue(*entry, limits);

  const std::string dump = DumpValue(*entry, Compression::kLzf);
  std::optional<std::string_view> body = OpenDump(dump);
  CHECK(body);
  RdbReader own(*body);
  type = static_cast<RdbType>(own.Byte());
  OwnedEntry again = LoadValue(type, own, kKey, std::nullopt, limits);
  CHECK(again != nullptr && own.left().empty());
  CHECK(again->type() == entry->type() && SizeOf(*again) == SizeOf(*entry));
  CheckValue(*again, limits);
}

}  // namespace
}  // namespace strata

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
