# Settings, logs, JSON, systemd.
units += settings ini_edit config config_publish config_diff systemd

settings_objects = common/settings.o common/value.o common/value_redact.o common/mistakes.o common/ini_file.o common/log.o \
	common/clock.o
unit_settings = $(settings_objects)
unit_settings_libs = inih
unit_ini_edit = common/ini_edit.o common/ini_file.o common/mistakes.o
unit_ini_edit_libs = inih
config_objects = supervisor/config.o supervisor/config_camera.o supervisor/config_notify.o supervisor/config_table.o supervisor/config_sections.o supervisor/config_check.o supervisor/config_publish.o supervisor/list_item.o supervisor/event_names.o supervisor/http_listen.o $(settings_objects)
unit_config = $(config_objects)
unit_config_libs = inih
unit_config_publish = $(config_objects)
unit_config_publish_libs = inih
unit_config_diff = supervisor/config_diff.o $(config_objects)
unit_config_diff_libs = inih
units += event_names
unit_event_names = supervisor/event_names.o supervisor/list_item.o
units += webhook
unit_webhook = supervisor/webhook.o supervisor/hmac.o
unit_webhook_libs = libcrypto
units += guard_policy leak
unit_guard_policy = supervisor/guard_policy.o supervisor/guard_ladder.o supervisor/leak.o
unit_leak = supervisor/leak.o
units += check
unit_check = supervisor/check.o
unit_systemd = supervisor/systemd.o

fuzzers += ini_edit
fuzz_ini_edit = $(unit_ini_edit)
fuzz_ini_edit_libs = inih
fuzzers += config
fuzz_config = supervisor/config_diff.o $(config_objects)
fuzz_config_libs = inih
