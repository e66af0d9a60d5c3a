package platform

import (
	"context"
	"net/http"
	"slices"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/wire"
)

// A caller is what a session is of. Whose contract it is, the rules of the contract decide.
type caller string

const (
	anybody      caller = "anybody" // without a session
	isAccount    caller = "account"
	isParty      caller = caller(platformapi.OrganisationParty)
	isAgency     caller = caller(platformapi.OrganisationAgency)
	isSupervisor caller = caller(platformapi.OrganisationSupervisor)
	isHall       caller = caller(platformapi.OrganisationHall)
)

var (
	everyone  = []caller{anybody}
	loggedIn  = []caller{isAccount, isParty, isAgency, isSupervisor, isHall}
	certified = []caller{isParty, isAgency, isSupervisor, isHall}
	readers   = []caller{isParty, isAgency, isSupervisor}
	parties   = []caller{isParty}
	hosts     = []caller{isParty, isAgency} // of a tender; a party signs records as a bidder, too
	present   = []caller{isParty, isHall}   // at an opening
	accounts  = []caller{isAccount}
)

// access is the whole of who may do what. An operation that is not in it is nobody's.
var access = map[string][]caller{
	"GetTime":                everyone,
	"GetTerms":               everyone,
	"GetCalendar":            everyone,
	"CreateChallenge":        everyone,
	"Login":                  everyone,
	"RenewSession":           everyone,
	"LoginAccount":           everyone,
	"CreateDeviceCode":       everyone,
	"TakeDeviceToken":        everyone,
	"CreateDeviceChallenge":  everyone,
	"DecideDevice":           everyone,
	"Logout":                 loggedIn,
	"GetSession":             certified,
	"GetAccount":             accounts,
	"CreateBindingChallenge": accounts,
	"BindCertificate":        accounts,
	"UnbindCertificate":      accounts,
	"ListLots":               {isParty, isAgency},
	"GetLot":                 readers,
	"GetFlow":                readers,
	"ListContracts":          readers,
	"GetContract":            readers,
	"DownloadAttachment":     readers,
	"WatchEvents":            readers,
	"ListReceipts":           parties,
	"ListTemplates":          parties,
	"DownloadTemplate":       parties,
	"CreateContract":         parties,
	"DeleteContract":         parties,
	"SaveFields":             parties,
	"PutAttachment":          parties,
	"RemoveAttachment":       parties,
	"SetNote":                parties,
	"SubmitContract":         parties,
	"WithdrawContract":       parties,
	"AgreeContract":          parties,
	"RefuseContract":         parties,
	"PublishContract":        parties,
	"FileContract":           parties,

	"ListTenders":     certified,
	"GetTender":       certified,
	"DownloadOutline": certified,
	"ListTenderBids":  certified,
	"GetBid":          certified,
	"WatchTender":     certified,
	"DownloadRecord":  certified,
	"DownloadBid":     readers,
	"DownloadPart":    readers,
	"CreateTender":    hosts,
	"PostponeTender":  hosts,
	"ConductOpening":  hosts,
	"AnswerObjection": hosts,
	"SignRecord":      hosts,
	"ListBids":        parties,
	"BeginBid":        parties,
	"CompleteBid":     parties,
	"WithdrawBid":     parties,
	"ListBidReceipts": parties,
	"Object":          parties,
	"BeginBackup":     parties,
	"CompleteBackup":  parties,
	"SignIn":          present,
	"TakeEnvelopes":   present,
	"DecryptBid":      present,
	"ReportFailure":   present,
	"ListCredit":      parties,
	"PutCredit":       parties,
	"RemoveCredit":    parties,
	"DownloadCredit":  parties,
}

// permit refuses an operation to whom it is not for, before its handler is run.
func (s *Server) permit(next wire.StrictHandlerFunc, operation string) wire.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		if err := mayUse(ctx, operation); err != nil {
			return nil, err
		}
		return next(ctx, w, r, request)
	}
}

func mayUse(ctx context.Context, operation string) error {
	allowed := access[operation]
	if slices.Contains(allowed, anybody) {
		return nil
	}
	x, ok := ctx.Value(sessionKey{}).(store.Session)
	if !ok {
		return errSessionOver()
	}
	is := caller(x.Kind)
	if x.Account != "" {
		is = isAccount
	}
	switch {
	case slices.Contains(allowed, is):
		return nil
	case is == isAccount:
		return forbid(platformapi.CodeCertificateOnly, "this is an account's session: log in with a certificate")
	case slices.Contains(allowed, isAccount):
		return forbid(platformapi.CodeAccountOnly, "this is a certificate's session, not an account's")
	}
	return forbid(platformapi.CodeRoleForbidden, "this is not for an organisation that is a %s here", x.Kind)
}

// observes says whether the session's organisation watches a lot without being a party of it.
func observes(x store.Session, l store.Lot) bool {
	return x.Kind == platformapi.OrganisationSupervisor || x.Kind == platformapi.OrganisationAgency && l.AgencyUSCC == x.USCC
}

// observer is the kind of an organisation that watches, "" for a party.
func observer(x store.Session) platformapi.OrganisationKind {
	if x.Kind == platformapi.OrganisationParty {
		return ""
	}
	return x.Kind
}
