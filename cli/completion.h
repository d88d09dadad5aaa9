#pragma once
// Completion scripts for shells, made of the command line's own definitions.

#include <string>

#include "cli/command_tree.h"

namespace fwprobe::cli {

/// To be read by `source` or put where bash-completion looks.
std::string bash_completion(const Verb& program);
/// An autoloaded function, `_fwprobe` in a directory of fpath.
std::string zsh_completion(const Verb& program);
std::string fish_completion(const Verb& program);

}  // namespace fwprobe::cli
