"""Which test makes each oddity that docs/formats.md tells of, and each kind of input that once went wrong.

A test is named ``module::function``, its module below tests/segmentation unless it begins with ``webapp``.
"""

from __future__ import annotations

NIFTI, TEXT, FILES = "readers/test_nifti_repairs", "readers/test_text_headers", "readers/test_several_files"
READ, ITK, KINDS = "readers/test_readers", "readers/test_readers_itk", "readers/test_kinds"
D = "readers/dicom/test_"
BAD_NIFTI = f"{READ}::test_a_bad_header_is_refused_in_one_sentence"
BAD_NRRD, BAD_META = f"{ITK}::test_a_bad_nrrd_is_refused", f"{ITK}::test_a_bad_mha_is_refused"
NRRD_PLACE = f"{TEXT}::test_scale_and_side_of_an_nrrd_are_the_file_s_or_noted"
META_PLACE = f"{TEXT}::test_scale_and_side_of_a_metaimage_are_the_file_s_or_noted"
NRRD_STORED = f"{TEXT}::test_every_encoding_and_skip_of_nrrd_is_read"
META_STORED = f"{TEXT}::test_every_storage_of_metaimage_is_read"
VALUES = f"{D}values_and_axes"
SAYS_NO = f"{VALUES}::test_what_the_header_says_against_hounsfield_units_or_a_volume_is_named"
DRIFT = f"{VALUES}::test_the_mask_of_slices_that_drift_by_less_than_a_pixel_opens_in_every_program"
SEVERAL = f"{FILES}::test_a_scan_of_several_files_is_read_by_its_header_its_folder_and_its_zip"
IN_LISTS = "readers/test_file_lists::test_voxels_in_a_list_or_a_pattern_of_files_are_read_in_their_order"
NO_LIST = "readers/test_file_lists::test_a_list_that_cannot_be_read_is_refused_by_its_form"
ONE_FOLDER = f"{TEXT}::test_a_detached_header_finds_the_file_in_its_own_folder_alone"
OWN_NAME = f"{TEXT}::test_only_a_detached_header_s_own_name_may_name_another_file"
LEFT_OUT = f"{FILES}::test_what_is_no_single_scan_is_refused_with_the_reason"
OTHERS = f"{KINDS}::test_it_is_read_right_and_as_another_program_reads_it"
NOT_HU = f"{READ}::test_values_that_cannot_be_hu_are_refused_with_the_reason"
LISTED = f"{D}identity::test_what_cannot_be_written_as_dicom_is_said_when_the_files_are_listed"
UIDS = f"{D}identity::test_the_same_sop_instance_uid_on_different_slices_loses_none"
PATIENTS = f"{D}identity::test_patients_studies_and_frames_of_reference_are_never_one_volume"
WRITTEN = f"{D}identity::test_every_output_is_written_where_each_image_has_a_frame_of_reference"
PHASES = f"{D}slabs_and_phases::test_phases_at_the_same_positions_are_parts"
TURNS = f"{D}slabs_and_phases::test_phases_numbered_in_turns_are_told_apart_by_any_attribute_or_by_their_turn"
SLABS = f"{D}slabs_and_phases::test_slabs_that_share_positions_are_joined"
BLOCKS = f"{D}slabs_and_phases::test_the_longest_regular_block_is_read_where_slices_are_missing"
UPPER = f"{D}stored_bits::test_values_at_the_upper_end_are_moved_down"
FEWER = f"{D}stored_bits::test_compressed_values_of_fewer_bits_are_exact"
GZIPPED = f"{D}files::test_gzipped_files_are_read"
ZIP_INSIDE = f"{D}files::test_a_zip_inside_a_folder_is_read"
SPACING = "writers/dicom/test_odd_sources::test_spacing_written_comes_from_positions"
NAMES = "writers/dicom/test_odd_sources::test_names_of_every_character_set_are_written_in_utf_8"
EVERY_VOXEL = "writers/dicom/test_every_kind::test_every_voxel_is_read_where_it_lies"
SHEARED = "writers/test_writers::test_the_mask_of_a_sheared_grid_never_lies_beside_its_ct"

ROWS: dict[str, tuple[str, ...]] = {
    "one trailing or leading axis of length 1": (f"{READ}::test_trailing_axes_of_length_one_are_dropped",),
    "NaN outside the body or the field of view": (f"{NIFTI}::test_nan_outside_the_body_is_air_with_a_note",),
    "less than 1 % of the voxels finite": (BAD_NIFTI,),
    "values that are no Hounsfield units": (NOT_HU,),
    "stored values without their": (f"{READ}::test_stored_values_without_their_intercept_are_recognised",),
    "labels within 0.05": (f"{NIFTI}::test_rescaled_label_maps_are_label_maps",),
    "NaN in a label map": (f"{NIFTI}::test_nan_around_labels_is_background_with_a_note",),
    "a reference that is no label map": (f"{NIFTI}::test_a_grey_picture_of_coarse_steps_is_no_label_map",),
    "axes that are not at right angles": (SHEARED,),
    "spacing that is zero": (BAD_NIFTI, BAD_NRRD, BAD_META),
    "too small, too long": (BAD_NIFTI, f"{READ}::test_limits_are_the_caller_s"),
    "a picture, a series, colours": (BAD_NIFTI, f"{ITK}::test_colour_and_cut_nrrd_and_mha_are_refused"),
    "sizes that are none": (BAD_NRRD, BAD_META),
    "a file that is cut short": (f"{READ}::test_a_truncated_gzip_is_refused",
                                 f"{READ}::test_a_gzip_with_a_wrong_checksum_or_length_is_refused"),
    "another type of file": (f"{READ}::test_what_is_not_a_known_file_is_refused",),
    "a valid sform": (f"{NIFTI}::test_a_valid_sform_is_enough_and_the_mask_s_header_is_sound",),
    "a sform that places no voxel": (f"{NIFTI}::test_a_qform_is_enough_where_the_sform_places_nothing",),
    "a qform that places no voxel": (f"{NIFTI}::test_a_sform_is_enough_where_the_qform_places_nothing",),
    "a sform and a qform that differ": (f"{NIFTI}::test_two_forms_that_differ_are_noted_and_a_mask_keeps_both",),
    "both codes 0": (f"{NIFTI}::test_a_file_without_orientation_is_read_with_a_note",),
    "`xyzt_units`": (f"{NIFTI}::test_other_units_than_mm_are_converted_and_noted",),
    "a `.hdr` and `.img` pair": (f"{TEXT}::test_a_nifti_pair_is_read_by_either_name", SEVERAL),
    "one of a pair under": (BAD_NIFTI,),
    "ANALYZE 7.5": (f"{TEXT}::test_analyze_is_refused_because_it_names_no_side",),
    "a scale that is infinite": (BAD_NIFTI,),
    "a quaternion that is no rotation": (BAD_NIFTI,),
    "colours, complex numbers": (BAD_NIFTI,),
    "another damaged header": (BAD_NIFTI, f"{READ}::test_a_header_with_random_damage_is_read_or_refused"),
    "encodings raw, gzip": (NRRD_STORED,),
    "another encoding": (BAD_NRRD,),
    "text that holds no numbers": (f"{TEXT}::test_a_bomb_of_text_or_bzip2_costs_no_memory",),
    "`line skip`": (NRRD_STORED, BAD_NRRD),
    "no `endian`": (f"{TEXT}::test_an_order_of_bytes_that_is_not_given_is_noted",),
    "a list axis of length 1": (f"{TEXT}::test_a_list_axis_of_length_one_is_left_out",),
    "`units` or `space units`": (NRRD_PLACE,),
    "another unit": (NRRD_PLACE,),
    "`axis mins` and": (NRRD_PLACE,),
    "only `thicknesses`": (NRRD_PLACE,),
    "no spacing": (NRRD_PLACE,),
    "a space that names no anatomy": (NRRD_PLACE, f"{TEXT}::test_a_left_handed_space_is_not_mirrored"),
    "a detached header `.nhdr`": (ONE_FOLDER, SEVERAL),
    "`data file: LIST`": (IN_LISTS, NO_LIST),
    "a `.nrrd` that names": (OWN_NAME,),
    "no NRRD, or": (BAD_NRRD,),
    "raw, zlib": (META_STORED, SEVERAL),
    "`HeaderSize = -1`": (META_STORED, SEVERAL),
    "`ElementToIntensityFunctionSlope`": (f"{TEXT}::test_the_intensity_function_of_a_metaimage_is_applied",),
    "`DistanceUnits`": (META_PLACE,),
    "no `ElementSpacing`": (META_PLACE,),
    "no `TransformMatrix`": (META_PLACE,),
    "names and values at both sides": (f"{TEXT}::test_lines_of_a_metaimage_are_read_as_itk_does_or_noted",),
    "lines of a MetaImage header": (f"{TEXT}::test_lines_of_a_metaimage_are_read_as_itk_does_or_noted",),
    "a detached header `.mhd`": (ONE_FOLDER, SEVERAL),
    "`ElementDataFile = LIST`": (IN_LISTS, NO_LIST),
    "a `.mha` that names": (OWN_NAME,),
    "no MetaImage": (BAD_META,),
    "classic and enhanced CT": (f"{D}repairs::test_files_without_preamble_are_read",
                                f"{D}files::test_one_multiframe_file_is_a_volume"),
    "the same SOPInstanceUID on": (UIDS,),
    "the same instance twice": (f"{D}identity::test_a_copy_is_left_out_and_one_with_other_pixels_is_not",),
    "two different pictures at one place": (f"{D}repairs::test_two_pictures_at_one_place_are_refused",),
    "images of several patients": (PATIENTS,),
    "a frame of reference of its own": (WRITTEN,),
    "slabs that continue each other": (SLABS,),
    "several volumes at the same positions": (PHASES, TURNS),
    "several orientations, sizes": (f"{D}repairs::test_mixed_orientations_are_split",
                                    f"{D}parts::test_two_acquisitions_in_one_file_are_two_choices"),
    "one slice missing": (f"{D}repairs::test_one_missing_slice_is_made_up",),
    "more slices missing": (BLOCKS, f"{D}repairs::test_more_missing_slices_are_refused_where_no_block_is_long_enough"),
    "unequal distances": (f"{D}repairs::test_unequal_spacing_is_resampled",
                          f"{D}repairs::test_spacing_that_is_too_unequal_is_refused"),
    "a tilted gantry": (f"{D}repairs::test_a_tilted_gantry_is_straightened",
                        f"{D}refusals::test_more_tilt_than_any_gantry_has_is_refused"),
    "slices that make no row": (f"{D}refusals::test_slices_that_are_not_in_a_row_are_refused",),
    "SpacingBetweenSlices or": (f"{D}repairs::test_positions_rule_not_names_numbers_or_thickness", SPACING),
    "no SeriesInstanceUID": (f"{D}identity::test_without_a_series_instance_uid_the_series_is_read",),
    "no StudyInstanceUID": (LISTED, f"{D}identity::test_an_instance_without_any_uid_is_read_and_said"),
    "SOPClassUID or SOPInstanceUID in": (f"{D}identity::test_uids_of_the_file_meta_header_are_enough",
                                         f"{D}deidentify::test_a_series_that_lacks_a_uid_is_kept"),
    "signed values of fewer": (FEWER,),
    "pixels that are floating": (f"{VALUES}::test_pixels_that_are_floating_point_numbers_are_read",),
    "a RescaleType that": (SAYS_NO, f"{VALUES}::test_units_that_are_or_may_be_hounsfield_units_are_read"),
    "a RescaleSlope or": (SAYS_NO,),
    "BitsStored above": (SAYS_NO,),
    "a padding value between": (f"{VALUES}::test_a_padding_that_tissue_may_have_makes_no_holes",),
    "axes that were rounded": (f"{VALUES}::test_axes_that_were_rounded_stay_at_right_angles",),
    "slices that drift": (DRIFT,),
    "all images at one place": (SAYS_NO,),
    "HighBit above": (UPPER, f"{D}stored_bits::test_values_with_other_bits_below_them_are_refused"),
    "padding": (f"{D}reading::test_padding_is_air",),
    "values beyond 16 bits": (f"{D}refusals::test_values_beyond_any_scanner_are_refused",),
    "compression with loss": (
        f"{D}refusals::test_loss_in_the_compression_is_told",
        f"{VALUES}::test_a_compression_with_loss_is_told_though_no_other_attribute_says_so"),
    "a compression that no": (f"{D}stored_bits::test_a_compression_that_cannot_be_read_is_named",),
    "text that may be burned in": (f"{D}repairs::test_burned_in_text_is_warned_of",),
    "names in any character set": (NAMES,),
    "one damaged image": (f"{D}damage::test_one_damaged_image_is_made_up",),
    "more damaged images": (f"{D}damage::test_more_damaged_images_are_refused_and_named",),
    "truncated files": (f"{D}repairs::test_a_truncated_file_is_left_out_and_its_slice_made_up",),
    "a header that cannot be rewritten": (f"{D}deidentify::test_a_header_that_cannot_be_rewritten_is_refused",),
    "files packed with gzip": (GZIPPED, ZIP_INSIDE),
    "zips inside zips": (f"{D}files::test_links_and_archives_in_a_zip_are_left_out",),
    "a DICOMDIR": (f"{D}files::test_what_a_dicomdir_lists_and_is_not_there_is_said",),
    "a zip that cannot be opened": (f"{D}files::test_a_damaged_zip_is_refused",),
    "other modalities": (SAYS_NO, f"{D}refusals::test_every_other_modality_is_named",
                         f"{D}refusals::test_colour_pictures_are_refused"),
    "no position, orientation": (f"{D}repairs::test_slices_that_lie_nowhere_are_refused",),
    "nothing that is DICOM": (f"{D}files::test_a_folder_without_dicom_is_refused",),
    "a series that is not there": (f"{D}files::test_a_series_that_is_not_there_is_refused",),
    "too much memory or time": (f"{D}sandbox::test_more_time_than_allowed_is_refused",),
    "several such scans": (LEFT_OUT,),
    "a header whose voxels are not there": (LEFT_OUT,),
    "one half alone": ("webapp/ingest/test_several_files::test_half_of_a_scan_is_refused_as_that",),
}  # fmt: skip
"""Rows of the page by how they begin."""

CASES: dict[str, tuple[str, ...]] = {
    "two patients in one series": (PATIENTS, OTHERS),
    "the same SOPInstanceUID on several slices": (UIDS, WRITTEN, EVERY_VOXEL),
    "a frame of reference for each slice": (WRITTEN, EVERY_VOXEL, OTHERS),
    "slabs that share positions": (SLABS, f"{D}slabs_and_phases::test_three_slabs_are_joined", OTHERS),
    "phases in one series": (PHASES, TURNS, f"{D}slabs_and_phases::test_two_kernels_in_two_phases_are_four_parts"),
    "missing slices, a block far away": (BLOCKS, f"{D}parts::test_two_stacks_that_leave_a_gap_are_split", OTHERS),
    "missing UIDs": (LISTED, f"{D}identity::test_without_a_series_instance_uid_the_series_is_read",
                     f"{D}identity::test_uids_of_the_file_meta_header_are_enough",
                     f"{D}deidentify::test_a_series_that_lacks_a_uid_is_kept"),
    "gzipped DICOM": (GZIPPED, f"{D}files::test_one_gzipped_multi_frame_file_is_a_volume", OTHERS),
    "a zip inside a folder": (ZIP_INSIDE, OTHERS, SEVERAL),
    "values that are no Hounsfield units by their header": (SAYS_NO,),
    "pixels of floating point numbers": (f"{VALUES}::test_pixels_that_are_floating_point_numbers_are_read",
                                         f"{VALUES}::test_floating_point_pixels_that_differ_are_no_copies",
                                         f"{VALUES}::test_frames_of_floating_point_pixels_are_cut_out", OTHERS),
    "spacing tags that lie": (SPACING, f"{D}repairs::test_positions_rule_not_names_numbers_or_thickness", EVERY_VOXEL),
    "character sets": (NAMES,
                       "writers/dicom/test_odd_sources::test_a_pseudonym_is_the_same_persons_in_every_character_set",
                       "report/test_objects::"
                       "test_objects_of_odd_sources_refer_to_their_images_alone_and_name_their_patient"),
    "signed JPEG-LS of fewer bits": (FEWER, OTHERS, f"{D}stored_bits::"
                                     "test_a_jpeg_2000_stream_whose_sign_differs_from_the_header_is_exact"),
    "values at the upper end": (UPPER, f"{D}stored_bits::test_values_with_other_bits_below_them_are_refused", OTHERS),
    "NaN outside the body": (f"{NIFTI}::test_nan_outside_the_body_is_air_with_a_note",
                             f"{NIFTI}::test_nan_around_labels_is_background_with_a_note", OTHERS),
    "an intensity function": (f"{TEXT}::test_the_intensity_function_of_a_metaimage_is_applied", OTHERS),
    "spacing and space of text headers": (NRRD_PLACE, META_PLACE, SHEARED),
    "NIfTI without orientation": (f"{NIFTI}::test_a_file_without_orientation_is_read_with_a_note", OTHERS),
    "a negative or absent pixdim": (f"{NIFTI}::test_a_valid_sform_is_enough_and_the_mask_s_header_is_sound", OTHERS,
                                    f"{NIFTI}::test_a_qform_is_enough_where_the_sform_places_nothing"),
    "a name that does not fit": (f"{FILES}::test_content_decides_over_the_name",
                                 f"{TEXT}::test_a_file_that_a_server_packed_is_read_by_content", OTHERS),
    "rescaled labels": (f"{NIFTI}::test_rescaled_label_maps_are_label_maps", f"{NIFTI}::"
                        "test_labels_saved_under_the_header_of_bytes_come_back_whatever_the_largest_is"),
    "skips of -1": (NRRD_STORED, META_STORED, SEVERAL),
    "detached headers and other encodings": (
        SEVERAL, NRRD_STORED, IN_LISTS,
        "webapp/ingest/test_several_files::test_a_header_and_a_list_of_files_become_a_study",
        "webapp/ingest/test_several_files::test_a_header_and_its_voxels_become_a_study"),
    "terminology of Slicer": ("writers/test_writers_tables::test_slicer_s_own_library_reads_each_segment_by_its_code",),
    "one place in every program": (
        "writers/test_nifti_readers::test_a_mask_of_every_orientation_lies_in_one_place",
        "writers/test_nifti_readers::"
        "test_a_mask_under_the_header_of_its_ct_lies_in_one_place_whatever_that_header_lacks", SHEARED, DRIFT),
    "edges of meshes": ("analysis/test_manifold::test_every_way_in_which_eight_voxels_can_touch",
                        "analysis/test_manifold::test_the_spine_in_a_file_read_by_another_reader"),
    "slack of surface metrics": (
        "evaluation/test_metrics::test_a_spacing_that_is_a_millimetre_but_for_rounding_is_a_millimetre",),
    "search of encoded names": (
        "webapp/dicomweb/test_encoded_search::test_names_and_identifiers_of_any_script_are_found",),
}  # fmt: skip
"""Kinds of input that once went wrong: tests of the case itself and of unlike ones of its kind."""
