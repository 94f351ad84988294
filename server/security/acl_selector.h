#pragma once

// What one selector of a user allows: commands, keys and channels. A user has a root selector and
// may have others; a command may run if one of them allows all of it.
//
// Commands are a bit per row of the command table. Beside the bits stands how they came about:
// +@all or -@all, and the rules behind it in their order, less those that a later one undid. That
// is what is shown and saved, so a user follows when a category gains a command.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"
#include "server/command_table.h"

namespace strata {

enum class Permit : uint8_t { kDeny, kAllow };

enum KeyPermission : uint8_t {
  kMayRead = 1u << 0,
  kMayWrite = 1u << 1,
  kMayReadAndWrite = kMayRead | kMayWrite,
};

struct KeyPattern {
  std::string glob;
  uint8_t permissions;
};

enum class ChannelKind : uint8_t { kName, kPattern };

// Whether one of the globs covers a channel. A pattern of PSUBSCRIBE is covered only by itself,
// letter by letter: what else it would match cannot be told.
bool CoverChannel(std::span<const std::string> globs, std::string_view channel, ChannelKind kind);

// A value. Those of users are changed with the world stopped, and otherwise read by all threads.
class AclSelector {
 public:
  // Allows nothing, unless all channels are allowed from the start. `command_rows` is how many the
  // table has that is handed in later.
  AclSelector(size_t command_rows, ChannelsByDefault channels);

  // Rules.
  void SetAllCommands(Permit permit);
  // A container's subcommands with it.
  void SetCommand(const CommandTable& table, CommandTable::Match match, Permit permit);
  void SetCategory(const CommandTable& table, AclCategory category, std::string_view name,
                   Permit permit);
  // Allows a command that is otherwise denied if this is its first argument, in any case.
  void AllowFirstArgument(const CommandTable& table, uint32_t row, std::string_view argument);
  void AllowAllKeys();
  void DenyAllKeys();
  void AddKeyPattern(std::string_view glob, uint8_t permissions);
  void AllowAllChannels();
  void DenyAllChannels();
  void AddChannel(std::string_view glob);

  // Checks. `arguments` begin with the command's name.
  bool AllowsCommand(size_t row, std::span<const std::string_view> arguments) const {
    return allowed_[row] || (!first_arguments_.empty() && AllowsFirstArgument(row, arguments));
  }
  // `key_flags` are those of the key's spec.
  bool AllowsKey(std::string_view key, uint16_t key_flags) const;
  // Whether any key whatever may be used so.
  bool AllowsAnyKey(uint16_t key_flags) const;
  bool AllowsChannel(std::string_view channel, ChannelKind kind) const {
    return all_channels_ || CoverChannel(channels_, channel, kind);
  }
  bool all_keys() const { return all_keys_; }
  bool all_channels() const { return all_channels_; }
  std::span<const std::string> channels() const { return channels_; }
  // Nothing is denied.
  bool IsUnrestricted() const;

  // Text, as ACL SETUSER would take it.
  std::string DescribeCommands() const;  // "-@all +get +config|get"
  std::string DescribeKeys() const;      // "~a* %R~b*"
  std::string DescribeChannels() const;  // "&a*"
  std::string Describe() const;          // all of it

  // How many rules and patterns it keeps; first arguments are among the rules.
  size_t size() const;

 private:
  bool AllowsFirstArgument(size_t row, std::span<const std::string_view> arguments) const;
  void SetBits(const CommandTable& table, CommandTable::Match match, bool allowed);
  void AddCommandRule(Permit permit, std::string_view rule);

  bool all_keys_ = false;
  bool all_channels_ = false;
  Permit base_ = Permit::kDeny;             // the last of +@all and -@all
  std::vector<bool> allowed_;               // by row
  std::vector<std::string> command_rules_;  // behind the base, in lower case with their sign
  std::map<size_t, std::vector<std::string>> first_arguments_;  // by row
  std::vector<KeyPattern> keys_;                                // empty if all are allowed
  std::vector<std::string> channels_;                           // as above
};

}  // namespace strata
