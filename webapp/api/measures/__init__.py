"""REST of the measures of masks: values, readers' changes, reports."""
