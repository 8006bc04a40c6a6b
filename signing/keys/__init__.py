"""Signing keys behind one protocol: PKCS#12 files now, PKCS#11 tokens and remote agents beside them."""
