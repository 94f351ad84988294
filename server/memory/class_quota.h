#pragma once

#include <span>
#include <string>

#include "storage/key_classes.h"
#include "storage/key_ref.h"

namespace strata {

// The reply to a command that would take memory for keys of a class that is above its quota and has
// nothing to give; empty if none of its keys is of such a class.
std::string FullClassError(const KeyClasses& classes, int database, std::span<const KeyRef> keys);

}  // namespace strata
