package platformapi

// Codes of the problems a platform answers with. They are part of the contract: they never change their meaning.
const (
	// Of the request itself.
	CodeBadRequest       = "platform.bad_request"        // 400, errors[] says where
	CodeNotFound         = "platform.not_found"          // 404, also for what is another organisation's
	CodeMethod           = "platform.method_not_allowed" // 405
	CodeTooLarge         = "platform.too_large"          // 413
	CodeMediaType        = "platform.media_type"         // 415, of the request
	CodeDigestMismatch   = "platform.digest_mismatch"    // 400, the body is not what Content-Digest says
	CodeKeyMissing       = "platform.key_missing"        // 400
	CodeKeyReused        = "platform.key_reused"         // 422, same key, other request
	CodeVersionMissing   = "platform.version_missing"    // 428
	CodeVersionStale     = "platform.version_stale"      // 412, with state and version now
	CodeRateLimited      = "platform.rate_limited"       // 429
	CodeInternal         = "platform.internal"           // 500
	CodeUnavailable      = "platform.unavailable"        // 503
	CodeChallengeGone    = "platform.challenge_gone"     // 410, used or older than a minute
	CodeSignatureWrong   = "platform.signature_wrong"    // 403
	CodeCertUntrusted    = "platform.cert_untrusted"     // 403
	CodeCertExpired      = "platform.cert_expired"       // 403, or not valid yet
	CodeCertUsage        = "platform.cert_usage"         // 403, not a signing certificate
	CodeCertNoOrg        = "platform.cert_no_org"        // 403, no 统一社会信用代码 in it
	CodeOrgUnknown       = "platform.org_unknown"        // 403
	CodeOrgNameMismatch  = "platform.org_name_mismatch"  // 403, certificate and platform name it differently
	CodeLotTaken         = "platform.lot_taken"          // 409, the lot has a live contract
	CodeLotNotAwarded    = "platform.lot_not_awarded"    // 409, the award notice was not sent
	CodeIDTaken          = "platform.id_taken"           // 409
	CodeWrongState       = "platform.wrong_state"        // 409, with the state
	CodeWrongSide        = "platform.wrong_side"         // 403, it is the other side's to do
	CodeNotPurchaser     = "platform.not_purchaser"      // 403
	CodeFieldsMissing    = "platform.fields_missing"     // 422, errors[] names them
	CodeFilingMissing    = "platform.filing_missing"     // 422, no contract filing is attached
	CodeFilingNotSealed  = "platform.filing_not_sealed"  // 422
	CodeFilingFormat     = "platform.filing_format"      // 422, neither doc, docx nor pdf; or sealed and not pdf
	CodeFilingChanged    = "platform.filing_changed"     // 422, not the very bytes the first party sealed
	CodeFilingOther      = "platform.filing_other"       // 422, the digest is not the current filing's
	CodeSealMissing      = "platform.seal_missing"       // 422, no signature in the file
	CodeSealInvalid      = "platform.seal_invalid"       // 422, altered or malformed
	CodeSealUntrusted    = "platform.seal_untrusted"     // 422
	CodeSealWrongParty   = "platform.seal_wrong_party"   // 422, signed by somebody else than who must
	CodeSealNotWhole     = "platform.seal_not_whole"     // 422, the newest signature leaves bytes uncovered
	CodeOpinionMissing   = "platform.opinion_missing"    // 422
	CodeAlreadyPublished = "platform.already_published"  // 409
	CodeLimitReached     = "platform.limit_reached"      // 409, too many attachments or history rows
	CodeUploadIncomplete = "platform.upload_incomplete"  // 409, bytes of it are lacking
	CodeUploadGone       = "platform.upload_gone"        // 410, it was not gone on with in time
	CodeUploadMoved      = "platform.upload_moved"       // 409, the offset is another one by now
	CodeUploadVersion    = "platform.upload_version"     // 412, not the protocol's version
	CodeAttachmentLocked = "platform.attachment_locked"  // 409, no longer current, or not one's own
)
