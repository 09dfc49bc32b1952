"""Faults that hostile people, pages, files and machines were seen to cause, each with the tests that hold it mended."""

from __future__ import annotations

_W = "tests/webapp"
_R = "tests/segmentation/readers"

FAULTS: dict[str, tuple[str, ...]] = {
    "a lost, emptied or older database removes studies": (
        f"{_W}/storage/test_recovery.py::test_studies_of_a_lost_database_are_taken_up_from_their_folders",
        f"{_W}/storage/test_recovery.py::test_an_older_database_gets_what_came_since",
        f"{_W}/storage/test_recovery.py::test_what_is_foreign_is_left_alone",
    ),
    "a foreign name in Host and Origin reads and deletes (rebinding)": (
        f"{_W}/http/test_security.py::test_a_rebound_name_reaches_nothing",
        "tests/browser/test_rebinding.py::test_a_page_under_a_rebound_name_reaches_nothing",
    ),
    "an open address is served without a word": (
        f"{_W}/test_serve.py::test_a_server_that_others_reach_does_not_start_without_accounts",
        f"{_W}/test_serve.py::test_a_server_on_the_network_says_so_and_its_own_lines_are_in_the_log",
    ),
    "unfinished bodies and slow work stop the pages": (
        f"{_W}/test_busy.py::test_with_200_unfinished_requests_health_and_the_home_page_still_answer",
        f"{_W}/test_busy.py::test_slow_work_holds_no_thread_that_pages_need",
    ),
    "a kill during a delete brings half a study back": (
        f"{_W}/storage/test_recovery.py::test_a_server_killed_between_two_steps_leaves_all_or_nothing",
        f"{_W}/maintenance/test_chaos.py::test_nothing_that_was_promised_is_lost",
    ),
    "a small message makes the server hold much": (
        f"{_W}/viewer/test_limits.py::test_a_message_that_announces_too_much_or_is_none_closes_its_socket",
        f"{_W}/viewer/test_limits.py::test_a_page_sets_its_own_state_in_moderate_size_and_nothing_else",
    ),
    "a full disk leaves a job running for ever": (
        f"{_W}/test_jobs.py::test_a_job_on_a_full_disk_fails_in_words_and_can_be_started_again",
        f"{_W}/test_jobs.py::test_a_job_whose_failure_does_not_fit_on_the_disk_is_not_running_for_ever",
    ),
    "an unfinished import keeps a patient's name": (
        f"{_W}/ingest/test_dicom_imports.py::test_what_nobody_chooses_from_goes_after_a_while_without_a_visitor",
    ),
    "bodies of JSON without limit": (
        f"{_W}/api/test_bodies.py::test_a_body_over_the_limit_is_refused_before_it_is_parsed",
    ),
    "made-up tokens start renderers": (
        f"{_W}/viewer/test_limits.py::test_nothing_is_drawn_for_made_up_tokens_or_for_pages_of_other_sites",
    ),
    "one client holds all places and all sockets": (
        f"{_W}/viewer/test_limits.py::test_one_user_cannot_hold_all_places",
        f"{_W}/viewer/test_limits.py::test_a_session_takes_few_sockets_and_the_page_can_say_why_there_is_no_more",
    ),
    "a clock that is set back changes what is latest": (
        f"{_W}/storage/test_recovery.py::test_latest_does_not_depend_on_the_clock",
    ),
    "a long list takes seconds": (
        f"{_W}/api/test_studies.py::test_the_list_is_one_query_whatever_it_holds",
        f"{_W}/api/test_studies.py::test_a_list_comes_in_pages_if_asked_to",
    ),
    "clean restarts count as crashes": (
        f"{_W}/test_model_loading.py::test_clean_restarts_while_the_model_loads_are_no_attempts",
    ),
    "death between move and commit leaves folders": (
        f"{_W}/storage/test_recovery.py::test_an_upload_that_cannot_be_written_down_leaves_nothing",
        f"{_W}/storage/test_recovery.py::test_a_start_removes_what_an_interrupted_write_left_and_nothing_else",
    ),
    "500 instead of 4xx": (
        f"{_W}/api/test_bodies.py::test_what_nobody_can_mean_is_refused_in_a_sentence",
        f"{_W}/api/test_bodies.py::test_a_number_of_thousands_of_digits_is_no_address",
        f"{_W}/api/test_uploads.py::test_a_boundary_longer_than_the_standard_allows_is_refused",
    ),
    "tracebacks at start": (
        f"{_W}/storage/test_unusable.py::test_a_read_only_folder_is_refused_in_a_sentence",
        f"{_W}/storage/test_recovery.py::test_a_damaged_database_is_kept_and_a_sentence_says_where",
        f"{_W}/test_serve.py::test_an_address_that_cannot_be_used_is_one_line",
    ),
    "log lines forged, paths in answers": (
        f"{_W}/accounts/test_audit.py::test_no_text_makes_a_line_of_its_own",
        f"{_W}/viewer/test_routes.py::test_a_call_that_fails_tells_the_browser_nothing_of_this_machine",
    ),
    "500 instead of 507": (
        f"{_W}/storage/test_full_disk.py::test_a_form_that_fills_the_disk_as_it_comes_is_507",
        f"{_W}/storage/test_full_disk.py::test_downloads_are_recorded_once_there_is_room",
    ),
    "lost files are 500": (f"{_W}/api/test_files.py::test_files_that_are_lost_are_not_there",),
    "names and scans stay in caches": (
        f"{_W}/accounts/test_caching.py::test_a_kept_scan_is_confirmed_to_its_own_session_alone",
        f"{_W}/accounts/test_caching.py::test_what_has_no_tag_is_not_kept",
    ),
    "the scheme of Origin, forwarded addresses": (
        f"{_W}/http/test_security.py::test_only_our_own_pages_may_change_things",
        f"{_W}/test_serve.py::test_only_a_named_proxy_s_forwarded_headers_are_believed",
    ),
    "a refused upload is drained for ever": (f"{_W}/test_busy.py::test_a_refused_upload_that_drips_is_not_waited_for",),
    "temporary voxels stay": (
        f"{_W}/maintenance/test_housekeeping.py::test_a_start_removes_what_a_killed_reader_left",
    ),
    "absurd spacing, scale and place": (f"{_R}/test_readers.py",),
    # More that a reviewer would try, where a test of its own exists already.
    "gzip and zip bombs": (
        f"{_R}/test_readers.py::test_a_gzip_bomb_behind_an_honest_header_is_refused",
        f"{_R}/dicom/test_files.py::test_a_zip_bomb_is_refused_before_it_unpacks",
    ),
    "paths and links in a zip": (
        f"{_R}/dicom/test_files.py::test_names_in_a_zip_never_become_paths",
        f"{_R}/dicom/test_files.py::test_links_and_archives_in_a_zip_are_left_out",
    ),
    "names of files as paths and headers": (
        f"{_W}/api/test_uploads.py::test_a_hostile_name_never_reaches_the_disk",
        f"{_W}/api/test_downloads.py::test_a_download_has_a_harmless_name_and_is_noted",
    ),
    "a name that is a script": (f"{_W}/viewer/test_routes.py::test_a_study_called_like_a_script_stays_text",),
    "guessing passwords": (
        f"{_W}/accounts/test_sign_in.py::test_after_a_few_failures_one_must_wait_and_nobody_else",
        f"{_W}/accounts/test_sign_in.py::test_one_address_cannot_try_one_password_on_many_names",
        f"{_W}/accounts/test_sign_in.py::test_an_unknown_name_takes_the_same_work",
    ),
    "a code of the second factor used twice": (
        f"{_W}/accounts/test_sign_in.py::test_a_second_factor_is_asked_for_and_no_code_is_taken_twice",
    ),
    "another browser's single sign-on": (
        f"{_W}/accounts/test_single_sign_on.py::test_another_browsers_answer_and_changed_ones_are_refused",
    ),
    "ids of other departments": (
        f"{_W}/accounts/test_rights.py::test_what_is_not_there_and_what_is_not_yours_look_alike",
    ),
    "a changed audit trail": (f"{_W}/accounts/test_audit.py::test_what_was_tampered_with_is_found",),
    "a tampered record in a study's folder": (
        f"{_W}/storage/test_recovery.py::test_a_record_that_was_tampered_with_costs_only_what_is_wrong",
    ),
    "a wrong tus offset, length or checksum": (
        f"{_W}/resumable/test_protocol.py::test_what_is_wrong_is_refused_and_changes_nothing",
        f"{_W}/resumable/test_protocol.py::test_a_piece_whose_checksum_is_wrong_is_not_kept",
    ),
}
