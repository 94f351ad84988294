#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace strata {

// What a server draws for a key, uniform if both are hashes (rendezvous hashing, Thaler and
// Ravishankar 1998).
uint64_t RendezvousHash(uint64_t key_hash, uint64_t server_hash);

// Of a server's name, for ChooseServer. Both are the same for ever and everywhere: what one process
// has stored another must find.
uint64_t ServerHash(std::string_view name);

// The index of the server that a key lies on: the one that draws the highest number. So a server
// that is added takes its share from all others, and nothing else moves; the order of the servers
// does not matter. REQUIRES: there is one.
size_t ChooseServer(std::string_view key, std::span<const uint64_t> server_hashes);

}  // namespace strata
