// Package judge hands the verifier of signer/verify to the reference platform, which declares what it must know of a seal.
package judge
