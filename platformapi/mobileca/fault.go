package mobileca

import (
	"errors"
	"net/http"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/web"
)

// Codes of this service's own problems; openapi.yaml lists them.
const (
	codeCodeWrong        = "mca.code_wrong"        // 403
	codePasswordWrong    = "mca.password_wrong"    // 403
	codeAccountLocked    = "mca.account_locked"    // 403, for a quarter of an hour
	codeLoginUnknown     = "mca.login_unknown"     // 422, neither code nor password, or a way that is not offered
	codeWeChatUnknown    = "mca.wechat_unknown"    // 422, no account's; the same code with a number and its code links it
	codeWeChatRefused    = "mca.wechat_refused"    // 403
	codeWeChatTaken      = "mca.wechat_taken"      // 409, another account's
	codeSecretWrong      = "mca.secret_wrong"      // 403
	codeAlreadyScanned   = "mca.already_scanned"   // 409
	codePairingOver      = "mca.pairing_over"      // 410, with the state
	codeNonceWrong       = "mca.nonce_wrong"       // 422, not what was committed to
	codeNotLinked        = "mca.not_linked"        // 409
	codeRequestWrong     = "mca.request_wrong"     // 422
	codeRequestOver      = "mca.request_over"      // 410, with the state
	codeRequestBusy      = "mca.request_busy"      // 409, another one waits
	codeSessionOver      = "mca.session_over"      // 409, all signatures of the session are made
	codeNotInSession     = "mca.not_in_session"    // 422, a session is for signatures
	codePINWrong         = "mca.pin_wrong"         // 403, with the tries
	codePINLocked        = "mca.pin_locked"        // 403
	codeMessageWrong     = "mca.message_wrong"     // 422
	codeMessageUsed      = "mca.message_used"      // 409
	codeAnswersUsed      = "mca.answers_used"      // 409
	codeResultWrong      = "mca.result_wrong"      // 422
	codeKeyElsewhere     = "mca.key_elsewhere"     // 409
	codeKeyNotReady      = "mca.key_not_ready"     // 409
	codeRecoveryOver     = "mca.recovery_over"     // 410
	codeCertEnded        = "mca.cert_ended"        // 409
	codeCertOtherUse     = "mca.cert_other_use"    // 422
	codeIdentityMissing  = "mca.identity_missing"  // 403
	codeIdentityRefused  = "mca.identity_refused"  // 422
	codeOrgClaimed       = "mca.org_claimed"       // 409
	codeOrgUnclaimed     = "mca.org_unclaimed"     // 422
	codeNotAdministrator = "mca.not_administrator" // 403
	codeWrongState       = "mca.wrong_state"       // 409, with the state
	codeNotAuthorised    = "mca.not_authorised"    // 403, of the organisation's staff
	codePaymentFailed    = "mca.payment_failed"    // 422
	codeLimitReached     = "mca.limit_reached"     // 429 or 409
)

func refuse(status int, code, format string, args ...any) *web.Fault {
	return web.Refuse(status, code, format, args...)
}

func forbid(code, format string, args ...any) *web.Fault {
	return refuse(http.StatusForbidden, code, format, args...)
}

func conflict(code, format string, args ...any) *web.Fault {
	return refuse(http.StatusConflict, code, format, args...)
}

func unfit(code, format string, args ...any) *web.Fault {
	return refuse(http.StatusUnprocessableEntity, code, format, args...)
}

// over says that what was asked for is in a state in which nothing comes of it.
func over[S ~string](code string, state S) *web.Fault {
	f := refuse(http.StatusGone, code, "it is %s", state)
	f.State = platformapi.ContractState(state)
	return f
}

// inState is a conflict with the state that something is in.
func inState[S ~string](state S, format string, args ...any) *web.Fault {
	f := conflict(codeWrongState, format, args...)
	f.State = platformapi.ContractState(state)
	return f
}

func errNotFound() *web.Fault {
	return refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such thing")
}

func errSessionOver() *web.Fault {
	return refuse(http.StatusUnauthorized, platformapi.CodeSessionOver, "there is no session, or it is over")
}

func tooMany(wait time.Duration) *web.Fault {
	f := refuse(http.StatusTooManyRequests, platformapi.CodeRateLimited, "too many requests")
	f.RetryAfter = wait
	return f
}

// found makes a problem of what the store did not find.
func found(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errNotFound()
	}
	return err
}

// badMessage makes a problem of a message of the phone's that is none.
func badMessage(err error) error {
	if errors.Is(err, twoparty.ErrMessage) {
		return unfit(codeMessageWrong, "the message is not one of the scheme")
	}
	return err
}

// first is the first error that is one.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
