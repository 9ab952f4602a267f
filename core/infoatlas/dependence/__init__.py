"""What people do with mutual information, built on the estimator, which never imports it."""
