"""The GAN ladder: from a fully connected network to StyleGAN2 and R3GAN, one short file a rung, one loop for all."""
