package mobileca

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/password"
)

const (
	codeLife    = 5 * time.Minute
	codeEvery   = time.Minute
	codesADay   = 10
	codeTries   = 5
	sessionLife = 90 * 24 * time.Hour
	tokenLife   = 10 * time.Minute
	// A refresh token that was just changed is taken once more: the answer may not have arrived. Its key is asked for anyway.
	renewGrace    = time.Minute
	passwordTries = 5
	passwordLock  = 15 * time.Minute
)

// purposes are what a short message says its code is for.
var purposes = map[wire.CodePurpose]string{
	wire.CodeLogin: "登录", wire.CodePassword: "修改登录密码", wire.CodePhoneOld: "更换手机号", wire.CodePhoneNew: "绑定新手机号",
	wire.CodeRecovery: "找回证书", wire.CodeHandOver: "转授管理员",
}

// SendCode sends a code.
func (s *Server) SendCode(ctx context.Context, r wire.SendCodeRequestObject) (wire.SendCodeResponseObject, error) {
	now := s.now()
	if ok, wait := s.limits.codes.Allow(addressOf(ctx), now); !ok {
		return nil, tooMany(wait)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return nil, err
	}
	code := fmt.Sprintf("%06d", n)
	err = s.store.ChangeCode(ctx, r.Body.Phone, r.Body.Purpose, func(c *store.Code) error {
		if wait := c.SentAt.Add(codeEvery).Sub(now); wait > 0 {
			return tooMany(wait)
		}
		if day := now.Format(time.DateOnly); c.Day != day {
			c.Day, c.Count = day, 0
		}
		if c.Count >= codesADay {
			f := tooMany(now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now))
			f.CodeValue = codeLimitReached
			return f
		}
		c.Count++
		c.Hash, c.Tries, c.SentAt, c.Until = s.codeHash(*c, code), 0, now, now.Add(codeLife)
		return nil
	})
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("【%s】%s验证码：%s，%d 分钟内有效。请勿告诉他人。", s.cfg.Name, purposes[r.Body.Purpose], code, int(codeLife/time.Minute))
	if err := s.cfg.Messenger.Send(ctx, r.Body.Phone, text); err != nil {
		s.cfg.Log.ErrorContext(ctx, "a code could not be sent", "error", err)
		return nil, refuse(http.StatusServiceUnavailable, platformapi.CodeUnavailable, "the short message could not be sent")
	}
	return wire.SendCode201JSONResponse{ExpiresIn: int(codeLife / time.Second), AgainIn: int(codeEvery / time.Second)}, nil
}

func (s *Server) codeHash(c store.Code, code string) string {
	return s.sealer.hash("code", c.Phone, string(c.Purpose), code)
}

// useCode takes a code, which is good once. A wrong one costs a try.
func (s *Server) useCode(ctx context.Context, phone string, purpose wire.CodePurpose, code string) error {
	now, right := s.now(), false
	err := s.store.ChangeCode(ctx, phone, purpose, func(c *store.Code) error {
		right = false // the transaction may have been undone, and the code been used meanwhile
		if c.Tries >= codeTries || !now.Before(c.Until) {
			return nil
		}
		if right = subtle.ConstantTimeCompare([]byte(c.Hash), []byte(s.codeHash(*c, code))) == 1; right {
			c.Until = time.Time{}
		} else {
			c.Tries++
		}
		return nil
	})
	if err == nil && !right {
		return forbid(codeCodeWrong, "the code is wrong, was used or is too old")
	}
	return err
}

// CreateSession logs in.
func (s *Server) CreateSession(ctx context.Context, r wire.CreateSessionRequestObject) (wire.CreateSessionResponseObject, error) {
	now, b := s.now(), r.Body
	c := asking(ctx)
	if c.jkt == "" || c.session.ID != "" {
		return nil, refuse(http.StatusUnauthorized, platformapi.CodeProofWrong, "a proof of the device's key is wanted, without a token")
	}
	if ok, wait := s.limits.logins.Allow(addressOf(ctx), now); !ok {
		return nil, tooMany(wait)
	}
	by, err := s.loginBy(ctx, *b, c.jkt)
	if err != nil {
		return nil, err
	}
	x := store.Session{ID: platformapi.NewID(), JKT: c.jkt, ExpiresAt: now.Add(sessionLife)}
	given := newTokens(&x, now)
	account, device, err := s.store.LogIn(ctx, by, b.Device.Name, x, now)
	switch {
	case by.WeChat.Code != "" && errors.Is(err, store.ErrNotFound):
		return nil, errWeChatUsed()
	case by.WeChat.Code != "" && errors.Is(err, store.ErrTaken):
		return nil, errWeChatTaken()
	case err != nil:
		return nil, found(err)
	}
	me, err := s.me(ctx, account, device.ID)
	if err != nil {
		return nil, err
	}
	answer := given.answer(me)
	if b.Phone == "" {
		answer.Phone = account.Phone // others have typed it
	}
	return wire.CreateSession201JSONResponse(answer), nil
}

// loginBy checks what a login has to show.
func (s *Server) loginBy(ctx context.Context, b wire.LoginRequest, jkt string) (store.LoginBy, error) {
	by := store.LoginBy{Phone: b.Phone}
	switch {
	case b.Wechat != "" && s.cfg.WeChat != nil && b.Password == "" && (b.Phone == "") == (b.Code == ""):
		var err error
		if by.WeChat, err = s.checkWeChat(ctx, b.Wechat, b.Phone, jkt); err != nil || b.Phone == "" {
			return by, err
		}
	case b.Wechat != "" || b.Phone == "" || (b.Code == "") == (b.Password == ""):
		return by, unfit(codeLoginUnknown, "a login has a number with a code or a password, or WeChat's code where it is offered")
	case b.Password != "":
		_, err := s.checkPassword(ctx, b.Phone, b.Password)
		return by, err
	}
	by.Make = true
	return by, s.useCode(ctx, b.Phone, wire.CodeLogin, b.Code)
}

// checkPassword checks the password of a number, and counts wrong ones. A try is counted before the password is looked at,
// so that tries side by side count too.
func (s *Server) checkPassword(ctx context.Context, phone, secret string) (store.Account, error) {
	now := s.now()
	wrong := forbid(codePasswordWrong, "the password is wrong, or there is no such account")
	a, err := s.store.AccountByPhone(ctx, phone)
	if errors.Is(err, store.ErrNotFound) {
		return a, errors.Join(wrong, s.passwords.Check(ctx, "", secret)) // as long as for one that is there
	}
	if err != nil {
		return a, err
	}
	locked := false
	a, err = s.store.ChangeAccount(ctx, a.ID, func(a *store.Account) (store.Entries, error) {
		if locked = now.Before(a.LockedUntil); locked {
			return nil, nil
		}
		if a.Tries++; a.Tries >= passwordTries {
			a.Tries, a.LockedUntil = 0, now.Add(passwordLock)
		}
		return nil, nil
	})
	if err != nil {
		return a, err
	}
	if locked {
		return a, forbid(codeAccountLocked, "too many wrong passwords: the account is locked for a quarter of an hour")
	}
	if err := s.passwords.Check(ctx, a.Password, secret); errors.Is(err, password.ErrWrong) {
		return a, wrong
	} else if err != nil {
		return a, err
	}
	return s.store.ChangeAccount(ctx, a.ID, func(a *store.Account) (store.Entries, error) {
		a.Tries, a.LockedUntil = 0, time.Time{}
		return nil, nil
	})
}

// tokens are what a phone is given; the store knows their hashes.
type tokens struct{ access, refresh string }

// newTokens makes tokens and enters them into the session. The refresh token names the session, so that one that was
// changed long ago is known for what it is.
func newTokens(x *store.Session, now time.Time) tokens {
	t := tokens{access: web.NewToken(), refresh: x.ID + "." + web.NewToken()}
	x.TokenHash, x.RefreshHash, x.RenewedAt = web.TokenHash(t.access), web.TokenHash(t.refresh), now
	x.TokenUntil = now.Add(tokenLife)
	return t
}

func (t tokens) answer(me wire.Me) wire.Login {
	return wire.Login{AccessToken: t.access, ExpiresIn: int(tokenLife / time.Second), RefreshToken: t.refresh, Me: me}
}

// RefreshSession changes a session's tokens for new ones.
func (s *Server) RefreshSession(ctx context.Context, r wire.RefreshSessionRequestObject) (wire.RefreshSessionResponseObject, error) {
	now, c := s.now(), asking(ctx)
	id, _, _ := strings.Cut(r.Body.RefreshToken, ".")
	x, err := s.store.SessionByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (x.CSC || !now.Before(x.ExpiresAt) || c.jkt == "" || c.jkt != x.JKT) {
		return nil, errSessionOver()
	}
	if err != nil {
		return nil, err
	}
	presented, current := web.TokenHash(r.Body.RefreshToken), x.RefreshHash
	if presented != current && (presented != x.PreviousHash || now.Sub(x.RenewedAt) > renewGrace) {
		s.cfg.Log.WarnContext(ctx, "an old refresh token came again: the session is ended", "session", x.ID)
		if err := s.store.DropSession(ctx, x.ID, now); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		return nil, errSessionOver()
	}
	x.PreviousHash = presented
	given := newTokens(&x, now)
	x.ExpiresAt = now.Add(sessionLife)
	if err := s.store.RenewSession(ctx, current, x); errors.Is(err, store.ErrNotFound) {
		return nil, conflict(platformapi.CodeRenewing, "the session was renewed at the same moment")
	} else if err != nil {
		return nil, err
	}
	account, err := s.store.Account(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	me, err := s.me(ctx, account, x.Device)
	if err != nil {
		return nil, err
	}
	return wire.RefreshSession200JSONResponse(given.answer(me)), nil
}

// EndSession logs out. What was linked with the phone ends: nobody can confirm anything there any more.
func (s *Server) EndSession(ctx context.Context, _ wire.EndSessionRequestObject) (wire.EndSessionResponseObject, error) {
	live, err := s.store.LivePairings(ctx, who(ctx).Device, s.now())
	if err != nil {
		return nil, err
	}
	for _, p := range live {
		if _, err := s.end(ctx, p.ID, wire.EndedByDevice); err != nil {
			return nil, err
		}
	}
	if err := s.store.DropSession(ctx, who(ctx).ID, s.now()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return wire.EndSession204Response{}, nil
}
