#pragma once

// Streams in RDB:
//
//   count; master id (16 bytes, big-endian, as a string) and listpack of each block
//   length, last id, [first id, highest deleted id, entries added]
//   count; each group: name, last id, [entries read],
//     count; each pending entry: id (16 bytes, big-endian), delivery time, deliveries
//     count; each consumer: name, time seen, {time active}, count and ids of its pending entries
//
// Ids are two lengths but where 16 bytes are said. [since Redis 7.0] {since 7.2}.

#include <memory>

#include "storage/rdb_format.h"
#include "storage/stream.h"

namespace strata {

// As RdbType::kStream2.
void SaveStream(const Stream& stream, RdbWriter& writer);
// Null if the bytes are not a stream of this type, or contradict themselves.
std::unique_ptr<Stream> LoadStream(RdbType type, RdbReader& reader);

}  // namespace strata
