# SPDX-License-Identifier: GPL-3.0-or-later
# What is installed where, and the Debian package. Included by the top
# CMakeLists.txt after the programs; LATCHKEY_DEPS is the prefix of tools/deps.
# Everything lies below /usr but configuration files: the hooks of apt, dpkg, GRUB and
# update-initramfs, and the init script of sysvinit. /etc/latchkey is made by the package's postinst.
if(NOT LATCHKEY_DEPS)
  get_directory_property(LATCHKEY_DEPS DIRECTORY ${PROJECT_SOURCE_DIR}/src DEFINITION LATCHKEY_DEPS)
endif()
set(package_inputs "") # all files the package is made from, beside the programs
set(work ${PROJECT_BINARY_DIR}/package)
file(MAKE_DIRECTORY ${work})

# --- programs

install(TARGETS latchkey DESTINATION sbin)
file(CREATE_LINK latchkey ${work}/release-services SYMBOLIC)
install(FILES ${work}/release-services DESTINATION sbin)
set(package_programs latchkey)
if(TARGET latchkey-unlock)
  install(TARGETS latchkey-unlock DESTINATION sbin)
  install(TARGETS latchkey-guard DESTINATION lib/latchkey)
  file(CREATE_LINK ../../latchkey/latchkey-guard ${work}/latchkey-generator SYMBOLIC)
  install(FILES ${work}/latchkey-generator DESTINATION lib/systemd/system-generators)
  list(APPEND package_programs latchkey-unlock latchkey-guard)
endif()
if(LATCHKEY_DEPS)
  # One program under two names, as Dropbear builds it.
  install(PROGRAMS ${LATCHKEY_DEPS}/bin/dropbear DESTINATION lib/latchkey)
  file(CREATE_LINK dropbear ${work}/dropbearkey SYMBOLIC)
  install(FILES ${work}/dropbearkey DESTINATION lib/latchkey)
endif()

# --- files

# Takes a mode (FILES or PROGRAMS), a destination and files: installs them.
function(install_input mode destination)
  install(${mode} ${ARGN} DESTINATION ${destination})
  set(package_inputs ${package_inputs} ${ARGN} PARENT_SCOPE)
endfunction()

set(hooks ${PROJECT_SOURCE_DIR}/hooks)
install_input(PROGRAMS share/initramfs-tools/hooks ${hooks}/initramfs-tools/hooks/latchkey)
install_input(FILES share/initramfs-tools/conf-hooks.d ${hooks}/initramfs-tools/conf-hooks.d/latchkey)
foreach(stage init-premount local-top local-bottom init-bottom)
  install_input(PROGRAMS share/initramfs-tools/scripts/${stage}
    ${PROJECT_SOURCE_DIR}/initramfs/scripts/${stage}/latchkey)
endforeach()

# Conffiles, as everything in these directories: they stay until a purge, and do
# nothing without the program.
install(FILES ${hooks}/packages/apt.conf DESTINATION /etc/apt/apt.conf.d RENAME 05latchkey)
install(FILES ${hooks}/packages/dpkg.cfg DESTINATION /etc/dpkg/dpkg.cfg.d RENAME latchkey)
list(APPEND package_inputs ${hooks}/packages/apt.conf ${hooks}/packages/dpkg.cfg)
install_input(PROGRAMS /etc/initramfs/post-update.d ${hooks}/initramfs-tools/post-update.d/00latchkey)
install_input(FILES /etc/default/grub.d ${hooks}/grub/zzz-latchkey.cfg)
install_input(FILES lib/systemd/system/apt-daily-upgrade.service.d ${hooks}/packages/latchkey.conf)
install(FILES ${hooks}/systemd/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME latchkey.conf)
list(APPEND package_inputs ${hooks}/systemd/tmpfiles.conf)
install_input(FILES lib/lsb/init-functions.d ${hooks}/sysvinit/50-latchkey)
install_input(PROGRAMS ../etc/init.d ${hooks}/sysvinit/latchkey-release
  ${hooks}/sysvinit/latchkey-farewell)

# Units are enabled as the distribution's own are: by a link that comes and goes
# with the package; its administrator masks what is not wanted.
file(GLOB units CONFIGURE_DEPENDS ${hooks}/systemd/*.service ${hooks}/systemd/*.target)
foreach(unit ${units})
  install_input(FILES lib/systemd/system ${unit})
  get_filename_component(name ${unit} NAME)
  file(STRINGS ${unit} wanted REGEX "^WantedBy=")
  foreach(line ${wanted})
    string(REGEX REPLACE "^WantedBy= *" "" target "${line}")
    file(MAKE_DIRECTORY ${work}/${target}.wants)
    file(CREATE_LINK ../${name} ${work}/${target}.wants/${name} SYMBOLIC)
    install(FILES ${work}/${target}.wants/${name} DESTINATION lib/systemd/system/${target}.wants)
  endforeach()
endforeach()

file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/man/*.[578])
foreach(page ${pages})
  get_filename_component(name ${page} NAME)
  string(REGEX REPLACE "^.*\\." "" section ${name})
  add_custom_command(OUTPUT ${work}/${name}.gz DEPENDS ${page}
    COMMAND gzip -9nc ${page} > ${work}/${name}.gz)
  list(APPEND compressed ${work}/${name}.gz)
  install(FILES ${work}/${name}.gz DESTINATION share/man/man${section})
endforeach()
add_custom_target(man-pages ALL DEPENDS ${compressed})
file(GLOB completions CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/completion/*.bash)
foreach(file ${completions})
  get_filename_component(name ${file} NAME_WE)
  install(FILES ${file} DESTINATION share/bash-completion/completions RENAME ${name})
  list(APPEND package_inputs ${file})
endforeach()
# A shell looks for a command's completion under the command's own name.
file(CREATE_LINK latchkey ${work}/release-services-completion SYMBOLIC)
install(FILES ${work}/release-services-completion DESTINATION share/bash-completion/completions
  RENAME release-services)

# --- what is bundled: name, version, licence and source of each part

configure_file(${hooks}/packaging/copyright.in ${work}/copyright COPYONLY)
set(built_using "")
if(LATCHKEY_DEPS)
  execute_process(COMMAND ${hooks}/packaging/bundled ${LATCHKEY_DEPS} ${work}
    OUTPUT_VARIABLE built_using OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  install(DIRECTORY ${work}/bundled DESTINATION share/doc/latchkey)
  install(FILES ${work}/parts DESTINATION share/latchkey RENAME bundled)
endif()
install(FILES ${work}/copyright ${PROJECT_SOURCE_DIR}/README.md DESTINATION share/doc/latchkey)
add_custom_command(OUTPUT ${work}/changelog.gz DEPENDS ${hooks}/packaging/changelog
  COMMAND gzip -9nc ${hooks}/packaging/changelog > ${work}/changelog.gz)
add_custom_target(changelog ALL DEPENDS ${work}/changelog.gz)
install(FILES ${work}/changelog.gz DESTINATION share/doc/latchkey)
install(FILES ${hooks}/packaging/lintian-overrides DESTINATION share/lintian/overrides
  RENAME latchkey)
list(APPEND package_inputs ${hooks}/packaging/lintian-overrides
  ${CMAKE_CURRENT_LIST_DIR}/package-version.cmake)

# --- the package

if(NOT TARGET latchkey-unlock)
  return() # a build for tests only
endif()
find_program(DPKG dpkg)
execute_process(COMMAND ${DPKG} --print-architecture OUTPUT_VARIABLE architecture
  OUTPUT_STRIP_TRAILING_WHITESPACE)
set(CPACK_GENERATOR DEB)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/package-version.cmake)
set(CPACK_PACKAGE_NAME latchkey)
set(CPACK_PACKAGE_CONTACT "Latchkey project <maintainers@latchkey.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"For servers whose owner has nothing but ssh: the initramfs serves ssh,
asks for the passphrase of a small keys volume, opens every encrypted
volume with the keys in it, and boots on. Services that need the volumes
are held until these are mounted, and are started then.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR})
set(CPACK_STRIP_FILES TRUE)
set(CPACK_DEBIAN_FILE_NAME latchkey_${PROJECT_VERSION}_${architecture}.deb)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
string(CONCAT CPACK_DEBIAN_PACKAGE_DEPENDS
  "initramfs-tools (>= 0.142), busybox | busybox-static, lvm2, dmsetup, udev, kmod, linux-base, "
  "iproute2")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "cryptsetup-bin, e2fsprogs")
# CPack knows no Built-Using: the line end makes it a field of its own.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "openssh-server\nBuilt-Using: ${built_using}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${hooks}/packaging/postinst ${hooks}/packaging/prerm ${hooks}/packaging/postrm
  ${hooks}/packaging/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
# cpack would build everything, the tests too; the target below knows its parts.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY TRUE)
include(CPack)

set(package_file ${PROJECT_BINARY_DIR}/${CPACK_DEBIAN_FILE_NAME})
add_custom_command(OUTPUT ${package_file}
  COMMAND ${CMAKE_CPACK_COMMAND} --config ${PROJECT_BINARY_DIR}/CPackConfig.cmake
  DEPENDS ${package_programs} man-pages changelog ${compressed} ${work}/changelog.gz ${package_inputs} ${work}/copyright
    ${PROJECT_BINARY_DIR}/CPackConfig.cmake ${CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA}
  COMMENT "Packing ${CPACK_DEBIAN_FILE_NAME}" VERBATIM)
add_custom_target(deb DEPENDS ${package_file})
