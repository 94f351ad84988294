#pragma once

// What the adaptive policy costs per get-or-insert, over the same table that evicts anything.

namespace strata::hits {

// Prints a table. A million keys, Zipf 0.99, a capacity at which about 18 % miss; the best of a few
// rounds, since others use the machine too.
void PrintCost();

}  // namespace strata::hits
