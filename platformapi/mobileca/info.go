package mobileca

import (
	"context"

	"sealdesk/platformapi/mobileca/wire"
)

// offered are the operations of this server; the wire has no others for anybody.
var offered = map[string]bool{
	"GetInfo": true, "ListPlatforms": true,
	"CreatePairing": true, "GetPairing": true, "EndPairing": true, "RevealNonce": true,
	"CreateRequest": true, "GetDesktopRequest": true, "CancelRequest": true,
	"ScanPairing": true, "ListScans": true, "GetScan": true, "SetScan": true, "EndScan": true, "DecideScan": true,
	"ListRequests": true, "GetRequest": true, "ShowRequest": true, "AnswerRequest": true, "FinishRequest": true, "RefuseRequest": true,
	"SendCode": true, "CreateSession": true, "RefreshSession": true, "EndSession": true,
	"GetMe": true, "SetPassword": true, "SetPhone": true, "ListDevices": true, "RemoveDevice": true, "ListActivity": true,
	"CheckIdentity":     true,
	"ListOrganisations": true, "GetOrganisation": true, "FindOrganisation": true, "HandOver": true, "ListStaff": true, "AddStaff": true, "RemoveStaff": true,
	"ListApplications": true, "CreateApplication": true, "GetApplication": true, "WithdrawApplication": true, "PayApplication": true,
	"ListReviews": true, "ReviewApplication": true,
	"ListAuthorisations": true, "CreateAuthorisation": true, "DeleteAuthorisation": true,
	"ListSeals": true, "CreateSeal": true, "EditSeal": true, "DeleteSeal": true,
	"ListZones": true, "BindZone": true, "UnbindZone": true,
	"ListCards": true, "AddCard": true, "RemoveCard": true, "ListBills": true, "ListInvoices": true, "CreateInvoice": true,
	"BeginKey": true, "IssueCertificates": true,
	"GetKey": true, "OpenKey": true, "AnswerCSR": true, "FinishCSR": true, "BeginReshare": true, "FinishReshare": true,
	"PutBackup": true, "RemoveBackup": true, "ListRecoverable": true, "CreateRecovery": true,
	"ListCertificates": true, "GetCertificate": true, "BeginRevocation": true,
}

// GetInfo says what service this is, and what time it is here.
func (s *Server) GetInfo(context.Context, wire.GetInfoRequestObject) (wire.GetInfoResponseObject, error) {
	roots := []string{}
	for _, r := range s.cfg.Issuer.Roots() {
		roots = append(roots, encode(r))
	}
	return wire.GetInfo200JSONResponse{
		Name: s.cfg.Name, Origin: s.cfg.Origins[0], ScanURL: s.scanURL(), CscURL: s.cfg.Origins[0] + CSCPath,
		Time: s.now(), Scheme: s.scheme.Name(), Roots: roots, HelpPhone: s.cfg.HelpPhone,
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
