package desk

import (
	"context"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/signer/cms"
	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/ui/desk/hall"
)

// openings is the platform's side of tenders, with its clock.
type openings struct {
	platformapi.Tendering
	clock platformapi.Reader
}

// Now is the platform's time.
func (o openings) Now(ctx context.Context) (time.Time, error) { return o.clock.Now(ctx) }

// AtHall tells that this is a terminal of an opening hall, which has nothing else to do. It asks the platform.
func (s *Session) AtHall(ctx context.Context) bool {
	who, err := s.platform.Session(ctx)
	return err == nil && who.Kind == platformapi.OrganisationHall
}

// Hall enters the opening of a tender (开标大厅): the room, and the stand where keys are put in. Error: desk.no_tendering.
func (s *Session) Hall(tenderID string) (*hall.Room, *hall.Stand, error) {
	t, err := s.tendering()
	if err != nil {
		return nil, nil, err
	}
	room := hall.NewRoom(openings{t, s.platform}, tenderID)
	keys := hall.Keys{
		Drivers: func() []token.Driver { return s.desk.drivers(Key{}) },
		Owner:   Holder,
		Own:     s.key.USCC,
	}
	if s.desk.HasPhone() {
		keys.Phone = s.decryptByPhone
	}
	return room, hall.NewStand(room, keys), nil
}

// OpeningNews tells that something happened at the opening of a tender, until ctx ends. It is quiet where the platform has no
// tenders.
func (s *Session) OpeningNews(ctx context.Context, tenderID string) <-chan struct{} {
	news := make(chan struct{}, 1)
	tell := func() {
		select {
		case news <- struct{}{}:
		default: // there is one to receive already
		}
	}
	t, err := s.tendering()
	if err != nil {
		return news
	}
	go func() {
		err := t.WatchTender(ctx, tenderID, func(platformapi.TenderEvent) { tell() }, tell)
		if ctx.Err() == nil && isOver(err) {
			s.heard(err)
		}
	}()
	return news
}

// Holder is whose a certificate is, for a hall's stand.
func Holder(c *smx509.Certificate) hall.Holder {
	o := ownerOf(c)
	return hall.Holder{Name: o.Org, USCC: o.USCC, Person: o.Person}
}

// decryptByPhone links a phone for one decryption (扫码解密).
func (s *Session) decryptByPhone(ctx context.Context, title string, use func(context.Context, token.Token) error) error {
	d := s.desk
	driver, err := d.phones()
	if err != nil {
		return err
	}
	ctx, over := d.scanning(ctx, d.PhoneKey(Key{}), ScanAbout{Kind: ScanDecrypt, Document: title})
	defer over()
	ctx = asking(ctx, mobileca.Purpose{Kind: ScanDecrypt, Summary: d.cfg.Words.T("scan.summary_decrypt", "title", title), Document: &mobileca.Document{Title: title}})
	tokens, err := driver.Tokens(ctx)
	if err != nil {
		return err
	}
	t := tokens[0] // there is always one
	defer t.Close()
	if err := t.Unlock(ctx, nil); err != nil {
		return err
	}
	return use(ctx, t)
}

// SignRecord signs the record of an opening that was shown (签名确认), with the key that signs in this session. Errors: those of
// hall.Room's SignRecord; the key's.
func (s *Session) SignRecord(ctx context.Context, room *hall.Room, shown []byte, pin []byte, lastTry bool) error {
	title := s.desk.cfg.Words.T("hall.record")
	ctx = asking(ctx, mobileca.Purpose{Kind: ScanSign, Summary: title, Document: &mobileca.Document{Title: title, Size: int64(len(shown))}})
	defer token.Wipe(pin)
	return s.withKey(ctx, ScanAbout{Document: title}, pin, lastTry, false, func(key PlatformKey) error {
		return room.SignRecord(ctx, shown, RecordSigner(key, room.Clock().Now()))
	})
}

// RecordSigner gives what hall.Room's SignRecord asks for: CMS SignedData (RFC 5652, or GB/T 35275 for SM2), detached.
func RecordSigner(key PlatformKey, at time.Time) func(context.Context, []byte) ([]byte, error) {
	return func(_ context.Context, record []byte) ([]byte, error) {
		b := cms.Builder{Signer: key.Signer, Chain: key.Chain, GM: sm2.IsSM2PublicKey(key.Chain[0].PublicKey), SigningTime: at}
		sum, err := b.Hash()
		if err != nil {
			return nil, err
		}
		sum.Write(record)
		return b.Sign(sum.Sum(nil))
	}
}
