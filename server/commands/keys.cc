// Keys of any type, one by one: DEL EXISTS TYPE RENAME COPY MOVE … Those that look over a whole
// database are scan.cc's, those about expiry are expiry.cc's.

#include <limits>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/value_type.h"

namespace strata {
namespace {

constexpr std::string_view kSameObject = "ERR source and destination objects are the same";

void Del(CommandContext& c) {
  int64_t deleted = 0;
  for (const KeyRef& key : c.keys) {
    if (!c.database.Erase(key)) continue;
    ++deleted;
    c.Changed(key, events::kDel);
  }
  c.reply.Integer(deleted);
}

void Exists(CommandContext& c) {
  int64_t found = 0;
  for (const KeyRef& key : c.keys) found += c.LookAt(key) != nullptr;
  c.reply.Integer(found);
}

// Also for clients under CLIENT NO-TOUCH: here they ask for it.
void Touch(CommandContext& c) {
  int64_t found = 0;
  for (const KeyRef& key : c.keys) {
    Entry* entry = c.LookAt(key);
    if (entry == nullptr) continue;
    c.Use(key, *entry);  // even where CLIENT NO-TOUCH is on, as in Redis
    ++found;
  }
  c.reply.Integer(found);
}

void Type(CommandContext& c) {
  const Entry* entry = c.LookAt(c.keys[0]);
  c.reply.Simple(entry == nullptr ? "none" : ValueTypeName(entry->type()));
}

// REQUIRES: the keys differ and the source exists.
void MoveTo(CommandContext& c, const KeyRef& from, const KeyRef& to) {
  Entry* entry = c.database.Take(from);
  c.database.Erase(to);  // so that the key counts as new, as in Redis
  c.database.Put(to, Entry::Move(entry, to.bytes, ExpiryOf(*entry)));
  c.Changed(from, events::kRenameFrom);
  c.Changed(to, events::kRenameTo);
}

void Rename(CommandContext& c) {
  const KeyRef& from = c.keys[0];
  const KeyRef& to = c.keys[1];
  if (c.FindForWrite(from) == nullptr) return c.reply.Error(errors::kNoSuchKey);
  if (from.bytes != to.bytes) MoveTo(c, from, to);
  c.reply.Ok();
}

void RenameIfAbsent(CommandContext& c) {
  const KeyRef& from = c.keys[0];
  const KeyRef& to = c.keys[1];
  if (c.FindForWrite(from) == nullptr) return c.reply.Error(errors::kNoSuchKey);
  if (from.bytes == to.bytes || c.FindForWrite(to) != nullptr) return c.reply.Integer(0);
  MoveTo(c, from, to);
  c.reply.Integer(1);
}

// The database by this argument; nothing after an error reply.
std::optional<Database> OtherDatabase(CommandContext& c, size_t index) {
  std::optional<int64_t> number = c.Integer(index);
  if (!number) return std::nullopt;
  Keyspace& keyspace = c.database.keyspace();
  if (*number < std::numeric_limits<int>::min() || *number > std::numeric_limits<int>::max()) {
    c.reply.Error("ERR value is out of range, value must between -2147483648 and 2147483647");
    return std::nullopt;
  }
  if (*number < 0 || *number >= keyspace.databases()) {
    c.reply.Error(errors::kDatabaseIndex);
    return std::nullopt;
  }
  return c.database.Other(static_cast<int>(*number));
}

void Copy(CommandContext& c) {
  const KeyRef& from = c.keys[0];
  const KeyRef& to = c.keys[1];
  Database target = c.database;
  bool replace = false;
  ArgumentReader reader(c.arguments, 3);
  while (!reader.done()) {
    if (reader.Take("replace")) {
      replace = true;
    } else if (reader.Take("db", 1)) {
      std::optional<Database> other = OtherDatabase(c, reader.position());
      if (!other) return;
      target = *other;
      reader.Next();
    } else {
      return c.reply.Error(errors::kSyntax);
    }
  }
  if (c.client.in_cluster_mode() && target.index() != 0) {
    return c.reply.Error("ERR Copying to another database is not allowed in cluster mode");
  }
  bool same_database = target.index() == c.database.index();
  if (same_database && from.bytes == to.bytes) return c.reply.Error(kSameObject);
  const Entry* entry = c.FindForRead(from);
  if (entry == nullptr) return c.reply.Integer(0);
  if (target.Find(to) != nullptr && !replace) return c.reply.Integer(0);
  target.Erase(to);
  target.Put(to, Entry::Copy(*entry, to.bytes, ExpiryOf(*entry)));
  c.ChangedIn(target.index(), to, events::kCopyTo);
  c.reply.Integer(1);
}

// The other database's part of the key lies in the same shard, under the lock that is held.
void Move(CommandContext& c) {
  if (c.client.in_cluster_mode()) {
    return c.reply.Error("ERR MOVE is not allowed in cluster mode");
  }
  const KeyRef& key = c.keys[0];
  std::optional<Database> target = OtherDatabase(c, 2);
  if (!target) return;
  if (target->index() == c.database.index()) return c.reply.Error(kSameObject);
  const Entry* entry = c.FindForWrite(key);
  if (entry == nullptr || target->Find(key) != nullptr) return c.reply.Integer(0);
  target->Put(key, c.database.Take(key));
  c.Changed(key, events::kMoveFrom);
  c.ChangedIn(target->index(), key, events::kMoveTo);
  c.reply.Integer(1);
}

constexpr KeySpec kRemoveAll[] = {{kKeyRemove | kKeyDelete, 1, -1, 1}};
constexpr KeySpec kLookAll[] = {{kKeyReadOnly, 1, -1, 1}};
constexpr KeySpec kLook[] = {{kKeyReadOnly, 1, 1, 1}};
constexpr KeySpec kRename[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1},
                               {kKeyOverwrite | kKeyUpdate, 2, 2, 1}};
constexpr KeySpec kRenameNew[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1},
                                  {kKeyOverwrite | kKeyInsert, 2, 2, 1}};
constexpr KeySpec kCopy[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1},
                             {kKeyOverwrite | kKeyUpdate, 2, 2, 1}};
constexpr KeySpec kMove[] = {{kKeyReadWrite | kKeyAccess | kKeyUpdate, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "del",
     .arity = -2,
     .flags = kWrite,
     .acl = kAclKeyspace,
     .keys = kRemoveAll,
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(N) with N the number of keys",
     .summary = "Deletes keys; answers how many there were.",
     .grammar = "key...",
     .handler = Del,
     .tips = tips::kSplitAndSum,
     .effect = EffectForm::kOwnWords},
    {.name = "unlink",
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = kRemoveAll,
     .group = CommandGroup::kGeneric,
     .since = "4.0.0",
     .complexity = "O(N) with N the number of keys",
     .summary = "Deletes keys without waiting for their memory; answers how many there were.",
     .grammar = "key...",
     .handler = Del,
     .tips = tips::kSplitAndSum,
     .effect = EffectForm::kOwnWords},
    {.name = "exists",
     .arity = -2,
     .flags = kReadonly | kFast | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kLookAll,
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(N) with N the number of keys",
     .summary = "Answers how many of the keys exist; one named twice counts twice.",
     .grammar = "key...",
     .handler = Exists,
     .tips = tips::kSplitAndSum},
    {.name = "touch",
     .arity = -2,
     .flags = kReadonly | kFast | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kLookAll,
     .group = CommandGroup::kGeneric,
     .since = "3.2.1",
     .complexity = "O(N) with N the number of keys",
     .summary = "Notes an access to keys; answers how many exist.",
     .grammar = "key...",
     .handler = Touch,
     .tips = tips::kSplitAndSum},
    {.name = "type",
     .arity = 2,
     .flags = kReadonly | kFast | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kLook,
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Answers what type of value a key holds.",
     .grammar = "key",
     .handler = Type},
    {.name = "rename",
     .arity = 3,
     .flags = kWrite,
     .acl = kAclKeyspace,
     .keys = kRename,
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Gives a value another key, replacing what that held.",
     .grammar = "key newkey:key",
     .handler = Rename,
     .effect = EffectForm::kOwnWords},
    {.name = "renamenx",
     .arity = 3,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = kRenameNew,
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Gives a value another key, unless that exists.",
     .grammar = "key newkey:key",
     .handler = RenameIfAbsent,
     .effect = EffectForm::kOwnWords},
    {.name = "copy",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclKeyspace,
     .keys = kCopy,
     .group = CommandGroup::kGeneric,
     .since = "6.2.0",
     .complexity = "O(1) for strings, O(N) with N the number of elements for other types",
     .summary = "Copies a value and its expiry to another key.",
     .grammar = "source:key destination:key [DB destination-db:integer] [REPLACE]",
     .handler = Copy,
     .effect = EffectForm::kOwnWords},
    {.name = "move",
     .arity = 3,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = kMove,
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Moves a key to another database, unless it exists there.",
     .grammar = "key db:integer",
     .handler = Move,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> KeyCommands() {
  return kRows;
}

}  // namespace strata
