#pragma once

// The parts of the option table, one constant per YAML group. Only option_table.cc reads this.

#include "config/option_table.h"

namespace strata {

extern const OptionGroup kNetworkOptions;
extern const OptionGroup kClientOptions;
extern const OptionGroup kGeneralOptions;
extern const OptionGroup kSecurityOptions;
extern const OptionGroup kLoggingOptions;
extern const OptionGroup kMemoryOptions;
extern const OptionGroup kPersistenceOptions;
extern const OptionGroup kReplicationOptions;
extern const OptionGroup kClusterOptions;
extern const OptionGroup kObservabilityOptions;
extern const OptionGroup kEncodingOptions;

}  // namespace strata
