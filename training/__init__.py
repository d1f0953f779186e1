"""Training of the partial-convolution U-Net (Liu et al. 2018, arXiv 1804.07723) with Keras 3."""
