#include "server/routing/route_reader.h"

#include <utility>

namespace strata {

RouteReader::RouteReader(const TopologyView& view, Self self)
    : reader_(view), self_(std::move(self)), map_(reader_.Get()) {
  MakeTable();
}

void RouteReader::MakeTable() {
  table_ = RouteTable(*map_, self_());
}

}  // namespace strata
