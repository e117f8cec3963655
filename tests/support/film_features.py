"""Names of features."""


def names(features):
    return features.get_feature_names_out().tolist()
