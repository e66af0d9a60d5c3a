package main

import (
	"context"
	"errors"
	"strings"
)

// Exit statuses, as the command's documentation promises them.
const (
	statusDone     = 0
	statusNotValid = 1 // a document or a signature
	statusUsage    = 2
	statusToken    = 3 // or its PIN
	statusPlatform = 4 // or the network
	statusInternal = 5
)

// own are the statuses of this command's own codes, and of the other rooms' codes that differ from their room's.
var own = map[string]int{
	"ctl.usage":               statusUsage,
	"ctl.file_exists":         statusUsage,
	"ctl.file_unreadable":     statusUsage,
	"ctl.file_not_writable":   statusUsage,
	"ctl.roots_unreadable":    statusUsage,
	"ctl.seal_without_at":     statusUsage,
	"ctl.credit_flags":        statusUsage,
	"ctl.form_not_made":       statusUsage,
	"ctl.policy_form":         statusUsage,
	"ctl.level_needs_tsa":     statusUsage,
	"ctl.level_needs_trust":   statusUsage,
	"ctl.seal_not_stamped":    statusUsage,
	"ctl.as_of_online":        statusUsage,
	"ctl.as_of_date":          statusUsage,
	"ctl.batch_empty":         statusUsage,
	"batch.other_rule":        statusUsage,
	"batch.busy":              statusUsage,
	"batch.list":              statusUsage,
	"batch.too_many":          statusUsage,
	"batch.ledger":            statusInternal,
	"ctl.no_such_signature":   statusUsage,
	"ctl.revision_unknown":    statusNotValid,
	"ctl.detached_flags":      statusUsage,
	"ctl.gm_needs_sm2":        statusUsage,
	"ctl.cert_ambiguous":      statusUsage,
	"ctl.compare_pdf_only":    statusUsage,
	"ctl.hide_form":           statusUsage,
	"ctl.no_receipt":          statusUsage,
	"ctl.outbox_readable":     statusUsage,
	"ctl.lot_unknown":         statusUsage,
	"ctl.platform_unknown":    statusUsage,
	"ctl.platform_ca_kept":    statusUsage,
	"ctl.phone_of_platform":   statusUsage,
	"ctl.seal_with_submit":    statusUsage,
	"ctl.entry_unknown":       statusUsage,
	"ctl.cancelled":           statusUsage,
	"ctl.interrupted":         statusUsage,
	"ctl.not_possible":        statusUsage,
	"ctl.verdict":             statusNotValid,
	"ctl.pin_needed":          statusToken,
	"ctl.pin_file":            statusToken,
	"ctl.pins_differ":         statusToken,
	"ctl.token_scheme":        statusToken,
	"ctl.token_unknown":       statusToken,
	"ctl.token_ambiguous":     statusToken,
	"ctl.cert_unknown":        statusToken,
	"ctl.no_pin_change":       statusToken,
	"ctl.broken_key":          statusToken,
	"ctl.broken_platform":     statusPlatform,
	"ctl.broken":              statusInternal,
	"ctl.no_provision":        statusToken,
	"ctl.still_waiting":       statusPlatform,
	"ctl.refused":             statusPlatform,
	"ctl.not_sent":            statusPlatform,
	"ctl.feed_key":            statusUsage,
	"ctl.feed_key_open":       statusUsage,
	"ctl.feed_release":        statusUsage,
	"ctl.bid_pair":            statusUsage,
	"ctl.bid_capitals":        statusUsage,
	"ctl.bid_lacks":           statusNotValid,
	"ctl.bid_no_code":         statusUsage,
	"ctl.bid_no_encryption":   statusToken,
	"ctl.bid_one_certificate": statusUsage,
	"ctl.bid_no_platform_key": statusPlatform,

	"token.uri_invalid":          statusUsage,
	"token.uri_pin_value":        statusUsage,
	"token.ca_subject_invalid":   statusUsage,
	"token.ca_algorithm_unknown": statusUsage,

	"updates.policy": statusUsage,

	"signer.input_missing":      statusUsage,
	"signer.input_unreadable":   statusUsage,
	"signer.no_stamps":          statusUsage,
	"signer.revocation_unknown": statusPlatform,

	"bid.no_key":             statusToken,
	"bid.bad_request":        statusUsage,
	"bid.bad_part":           statusUsage,
	"bid.bad_outline":        statusUsage,
	"bid.not_for_encryption": statusUsage,
	"bid.other_platform":     statusUsage,
	"bid.input_missing":      statusUsage,
	"bid.input_unreadable":   statusUsage,
	"bid.input_changed":      statusUsage,
	"bid.exists":             statusUsage,
	"bid.no_folder":          statusUsage,
	"bid.no_permission":      statusUsage,

	"desk.disk":           statusInternal,
	"desk.disk_full":      statusInternal,
	"desk.not_writable":   statusInternal,
	"desk.draft_damaged":  statusInternal,
	"desk.key_changed":    statusToken,
	"desk.file_changed":   statusNotValid,
	"desk.lot_blocked":    statusPlatform,
	"demo.foreign_token":  statusToken,
	"demo.same_party":     statusToken,
	"desk.seal_not_valid": statusNotValid,
}

// rooms are the statuses of all other codes, by the room that they come from.
var rooms = map[string]int{
	"token": statusToken, "platform": statusPlatform, "outbox": statusPlatform, "vault": statusInternal, "desk": statusUsage, "platforms": statusUsage, "proxy": statusUsage, "demo": statusUsage,
	"cleancopy": statusNotValid, "verify": statusNotValid, "pdf": statusNotValid, "pdfsig": statusNotValid,
	"cms": statusNotValid, "signer": statusNotValid, "preview": statusNotValid, "ses": statusNotValid,
	"updates": statusNotValid, "tsa": statusPlatform, "fetch": statusPlatform,
	"compare": statusNotValid, "seal": statusUsage, "sigform": statusUsage, "batch": statusNotValid, "amount": statusUsage, "bid": statusNotValid, "envelope": statusNotValid,
}

// status is the one place where an error becomes an exit status: that of the first code in its tree which has one.
func status(err error) int {
	if err == nil {
		return statusDone
	}
	if s, ok := coded(err); ok {
		return s
	}
	if errors.Is(err, context.Canceled) {
		return statusUsage
	}
	return statusInternal
}

func coded(err error) (int, bool) {
	if e, ok := err.(interface{ Code() string }); ok {
		if s, ok := own[e.Code()]; ok {
			return s, true
		}
		room, _, _ := strings.Cut(e.Code(), ".")
		if s, ok := rooms[room]; ok {
			return s, true
		}
	}
	switch u := err.(type) {
	case interface{ Unwrap() []error }:
		for _, inner := range u.Unwrap() {
			if s, ok := coded(inner); ok {
				return s, true
			}
		}
	case interface{ Unwrap() error }:
		if inner := u.Unwrap(); inner != nil {
			return coded(inner)
		}
	}
	return 0, false
}

// problem is an error of this command's own. Its sentences are "error.ctl.<name>" of the language files.
type problem struct {
	code   string
	params map[string]any
	cause  error
}

// fault makes a problem from its name and pairs of parameter and value. A value that is an error is its cause, too.
func fault(name string, pairs ...any) *problem {
	p := &problem{code: "ctl." + name, params: map[string]any{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		value := pairs[i+1]
		if err, ok := value.(error); ok {
			p.cause, value = err, err.Error()
		}
		p.params[pairs[i].(string)] = value
	}
	return p
}

func (p *problem) Error() string {
	if p.cause != nil {
		return p.code + ": " + p.cause.Error()
	}
	return p.code
}

func (p *problem) Code() string           { return p.code }
func (p *problem) Params() map[string]any { return p.params }
func (p *problem) Unwrap() error          { return p.cause }
