package mobileca

import (
	"context"

	"sealdesk/platformapi/mobileca/wire"
)

// GetInfo says what service this is, and what time it is here.
func (s *Server) GetInfo(context.Context, wire.GetInfoRequestObject) (wire.GetInfoResponseObject, error) {
	roots := []string{}
	for _, r := range s.cfg.Issuer.Roots() {
		roots = append(roots, encode(r))
	}
	wechat := ""
	if s.cfg.WeChat != nil {
		wechat = s.cfg.WeChat.Authorise()
	}
	return wire.GetInfo200JSONResponse{
		Name: s.cfg.Name, Origin: s.cfg.Origins[0], ScanURL: s.scanURL(), CscURL: s.cfg.Origins[0] + CSCPath,
		Time: s.now(), Scheme: s.scheme.Name(), Roots: roots, HelpPhone: s.cfg.HelpPhone, WechatURL: wechat,
	}, nil
}

// ListPlatforms are the trading platforms that this CA serves.
func (s *Server) ListPlatforms(context.Context, wire.ListPlatformsRequestObject) (wire.ListPlatformsResponseObject, error) {
	items := s.cfg.Platforms
	if items == nil {
		items = []wire.TradingPlatform{}
	}
	return wire.ListPlatforms200JSONResponse{Items: items}, nil
}
