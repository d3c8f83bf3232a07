/// Policies as text, in the many ways in which people write the same thing.
#pragma once

#include "policy.hpp"
#include "random.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace world {

/// The record; mostly as everybody writes it, now and then with upper case, several blanks, an explicit "+",
/// a final dot. `plain`: never so.
std::string spell(const sender_policy& what, random_stream& draw, bool plain = false);

/// The text as character strings: one, or several cut at odd places, none above 255 bytes. RFC 1035 3.3
std::vector<std::string> cut(std::string_view text, random_stream& draw, bool often);

} // namespace world
