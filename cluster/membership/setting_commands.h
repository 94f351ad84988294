#pragma once

#include "base/result.h"
#include "cluster/membership/cluster_map.h"

namespace strata {

// Bytes of all settings of a map.
size_t SettingsBytes(const ClusterMap& map);

// Each changes the map, or says why not and changes nothing.
Result<void> Carry(const SetSetting& command, ClusterMap& map);
Result<void> Carry(const DeleteSetting& command, ClusterMap& map);

}  // namespace strata
