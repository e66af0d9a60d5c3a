package stamp

import (
	"context"

	"sealdesk/platformapi"
	"sealdesk/signer"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/view"
)

// A Subject is a document that the page seals: a contract's filing, or the file of a part of a bid.
type Subject interface {
	// Nav is the sidebar's item that the document belongs to.
	Nav() string
	// Terms is what the page must know of it; it may take a while.
	Terms(ctx context.Context) Terms
	// Preview opens the very file that will be signed; CopyAhead gets ready for the signature while the person looks at it.
	Preview(ctx context.Context) (*desk.Preview, error)
	CopyAhead(ctx context.Context)
	// CheckSeal finds what would keep Seal from signing, before a PIN is asked.
	CheckSeal(ctx context.Context, r desk.SealRequest) error
	Seal(ctx context.Context, r desk.SealRequest, progress desk.Progress) (signer.Result, error)
	// DocumentKind names documents that are alike, whose places are remembered together.
	DocumentKind() string
	// Sealed is the file that Seal made.
	Sealed(ctx context.Context) Sealed
}

// Terms are how a party seals a document.
type Terms struct {
	Fields []string // words in the names of the fields that were prepared for the party
	Words  []string // words beside which such documents have the party's seal, the likeliest first
	Seal   string   // the ID of the seal to offer first; "" is the first one of all
	Why    string   // why it cannot be sealed now; "" when it can
	Back   string   // what the button that leads back says
	Next   string   // what is still to be done once it is sealed; may be empty
}

// Sealed is a file that was sealed.
type Sealed struct {
	Name string
	Look func(page.Host) page.Page // a page that shows it
}

// contract is the filing of a contract.
type contract struct {
	*desk.Work
	host page.Host
}

// OfContract is the filing of a contract, to be sealed.
func OfContract(host page.Host, work *desk.Work) Subject { return contract{work, host} }

func (contract) Nav() string { return "contracts" }

// usualFields and usualWords are those of contracts.
var (
	usualFields = map[platformapi.Role][]string{
		platformapi.RolePurchaser: {"采购人", "采购单位", "甲方"},
		platformapi.RoleSupplier:  {"供应商", "中标", "成交", "乙方"},
	}
	usualWords = map[platformapi.Role][]string{
		platformapi.RolePurchaser: {"采购人（盖章）", "甲方（盖章）", "采购单位（盖章）", "采购人（公章）", "甲方（公章）"},
		platformapi.RoleSupplier:  {"中标单位（盖章）", "供应商（盖章）", "乙方（盖章）", "成交供应商（盖章）", "中标人（盖章）", "供应商（公章）", "乙方（公章）"},
	}
)

func (c contract) Terms(ctx context.Context) Terms {
	v := c.View(ctx)
	t := Terms{Fields: usualFields[v.Role], Words: usualWords[v.Role], Back: c.host.Words().T("result.back")}
	switch {
	case v.State == platformapi.StateAgreed || v.State == platformapi.StateHalfSealed:
		t.Next = c.host.Words().T("result.next_seal")
	case v.Starter:
		t.Next = c.host.Words().T("result.next_submit")
	default:
		t.Next = c.host.Words().T("result.next_agree")
	}
	if reason, ok := v.Why(desk.ActionSeal); !ok {
		t.Why = reason.What
	}
	return t
}

func (c contract) Sealed(ctx context.Context) Sealed {
	var file desk.File
	if sealed := c.View(ctx).Filing.Sealed; sealed != nil {
		file = *sealed
	}
	return Sealed{Name: file.Name, Look: func(h page.Host) page.Page { return view.New(h, c.Work, file) }}
}
