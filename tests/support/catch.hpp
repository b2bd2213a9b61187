// SPDX-License-Identifier: GPL-3.0-or-later
// One name for the test framework's header, which moved between its versions.
#pragma once

#ifdef LATCHKEY_CATCH3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
