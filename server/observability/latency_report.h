#pragma once

// Latency samples as text for people: LATENCY GRAPH and LATENCY DOCTOR. Pure functions.

#include <cstdint>
#include <span>
#include <string>

#include "server/observability/latency_monitor.h"

namespace strata {

// A column per sample, the tallest being the worst, its age below it, read downwards. The latest
// samples are drawn. REQUIRES: the event has samples.
std::string DrawLatency(const LatencyMonitor::Event& event, int64_t now_s);

// What was slow, how slow, how often, and what may be done about it.
std::string DiagnoseLatency(std::span<const LatencyMonitor::Event> events, int64_t threshold_ms);

}  // namespace strata
