package mobileca

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/web"
)

const (
	wechatWait = 10 * time.Second
	// While it lasts, who is unknown may say whose account it is.
	wechatLife = 10 * time.Minute
)

// checkWeChat says whom a code of WeChat's names, for a login of that identity alone or, with a number, for linking it to
// the number's account. WeChat takes a code once; what it said is kept, for the phone that showed the code, until a login.
func (s *Server) checkWeChat(ctx context.Context, code, phone, jkt string) (store.WeChat, error) {
	now := s.now()
	id := s.sealer.hash("wechat-code", jkt, code)
	w, err := s.store.WeChat(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		if w, err = s.askWeChat(ctx, code); err == nil {
			w.Code, w.Until = id, now.Add(wechatLife)
			err = s.store.KeepWeChat(ctx, w)
		}
		if errors.Is(err, store.ErrTaken) { // the same request at the same moment
			err = errWeChatUsed()
		}
	}
	if err != nil {
		return w, err
	}
	if !now.Before(w.Until) {
		return w, errWeChatUsed()
	}
	a, err := s.store.AccountByWeChat(ctx, w.Identity)
	switch {
	case errors.Is(err, store.ErrNotFound) && phone == "":
		return w, unfit(codeWeChatUnknown, "the WeChat identity is no account's; send it with a number and a code to link it")
	case errors.Is(err, store.ErrNotFound):
		return w, nil
	case err == nil && phone != "" && a.Phone != phone:
		return w, errWeChatTaken() // before the number's code is used up
	}
	return w, err
}

// askWeChat has WeChat say whom a code names.
func (s *Server) askWeChat(ctx context.Context, code string) (store.WeChat, error) {
	ctx, cancel := context.WithTimeout(ctx, wechatWait)
	defer cancel()
	identity, err := s.cfg.WeChat.Person(ctx, code)
	if refused, ok := errors.AsType[*WeChatRefused](err); ok {
		return store.WeChat{}, forbid(codeWeChatRefused, "%s", refused.Reason)
	}
	if err == nil && identity == "" {
		err = errors.New("it named nobody")
	}
	if err != nil {
		s.cfg.Log.ErrorContext(ctx, "WeChat did not say whom a code names", "error", err)
		return store.WeChat{}, refuse(http.StatusServiceUnavailable, platformapi.CodeUnavailable, "WeChat did not answer")
	}
	return store.WeChat{Identity: s.sealer.hash("wechat", identity)}, nil
}

func errWeChatUsed() *web.Fault {
	return forbid(codeWeChatRefused, "WeChat's code is wrong, was used or is too old")
}

func errWeChatTaken() *web.Fault {
	return conflict(codeWeChatTaken, "the WeChat identity is another account's")
}
