#include <algorithm>
#include <string>

#include "server/observability/info.h"
#include "server/tiers/tier_report.h"

namespace strata {
namespace {

// "clean-demotions" is clean_demotions here, as all of INFO's names are.
std::string FieldName(std::string_view name) {
  std::string field(name);
  std::replace(field.begin(), field.end(), '-', '_');
  return field;
}

// One line, in the way of Redis's slave0. An error may have a comma, so it comes last.
std::string LineOf(const TierServerReport& server) {
  std::string line = "address=" + server.address;
  line.append(",breaker=").append(NameOf(server.breaker));
  for (const TierFigure& figure : FiguresOf(server)) {
    line += "," + FieldName(figure.name) + "=" + std::to_string(figure.value);
  }
  return line + ",last_error=" + server.last_error;
}

}  // namespace

void WriteTiersInfo(Services& services, InfoText& out) {
  out.Add("tier_count", services.config.options().tiers.tiers.size());
  if (services.config.options().tiers.tiers.empty()) return;
  const TierReport report = ReadTierReport(services);
  out.Add("tier_name", report.name);
  out.Add("tier_kind", report.kind);
  out.Add("tier_state", report.state);
  for (const TierFigure& figure : report.figures) {
    out.Add("tier_" + FieldName(figure.name), figure.value);
  }
  for (size_t i = 0; i < report.servers.size(); ++i) {
    out.Add("tier_server" + std::to_string(i), LineOf(report.servers[i]));
  }
}

}  // namespace strata
