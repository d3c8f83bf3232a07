/// What every room needs to know about how it is compiled.
///
/// postroad is header-only for an outsider. Our own daily build compiles the heavy bodies (those that need
/// Asio, OpenSSL or simdjson) once, in one translation unit that includes <postroad/impl/src.hpp>, and
/// defines POSTROAD_SEPARATE_COMPILATION everywhere else.
#pragma once

#define POSTROAD_VERSION "0.1.0"

#if defined(POSTROAD_SEPARATE_COMPILATION)
#define POSTROAD_DECL
#else
#define POSTROAD_DECL inline
#endif
