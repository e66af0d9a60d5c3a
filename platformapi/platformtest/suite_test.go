package platformtest_test

import (
	"testing"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platformtest"
)

func TestClientAndServer(t *testing.T) {
	platformtest.Run(t, func(t *testing.T, order platformapi.SealOrder) platformtest.Harness {
		return platformtest.NewWorldOf(t, t.TempDir(), order, nil).Harness(t)
	})
}
