// The runner of all unit tests. Alone without the precompiled header, which has no runner in it.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
