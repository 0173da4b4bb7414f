package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/digitalocean/godo"
)

// explain says what failed in one sentence, and what to do in another: `make the droplet gematria: POST /v2/droplets
// answered 422: … `. No header of the request, and so no token, is ever part of it.
func explain(what string, err error) error {
	if err == nil {
		return nil
	}
	if refused := (*godo.ErrorResponse)(nil); errors.As(err, &refused) && refused.Response != nil {
		request, code := refused.Response.Request, refused.Response.StatusCode
		id := ""
		if refused.RequestID != "" {
			id = " (request " + refused.RequestID + ")"
		}
		return fmt.Errorf("%s: %s %s answered %d: %s%s. %s",
			what, request.Method, request.URL.Path, code, refused.Message, id, advice(refused.Response))
	}
	if call := (*url.Error)(nil); errors.As(err, &call) {
		path := call.URL
		if parsed, bad := url.Parse(call.URL); bad == nil {
			path = parsed.Path
		}
		return fmt.Errorf("%s: %s %s %s. DigitalOcean's API may be down (https://status.digitalocean.com) or out of reach "+
			"from here: run it again, nothing is made twice", what, call.Op, path, silence(call))
	}
	return fmt.Errorf("%s: %w", what, err)
}

func silence(call *url.Error) string {
	var timeout net.Error
	if errors.Is(call, context.DeadlineExceeded) || errors.As(call, &timeout) && timeout.Timeout() {
		return fmt.Sprintf("got no answer in %s", answerWithin)
	}
	return "got no answer: " + call.Err.Error()
}

func advice(answer *http.Response) string {
	switch code := answer.StatusCode; {
	case code == http.StatusUnauthorized:
		return "The token is not valid: make another (https://cloud.digitalocean.com/account/api/tokens) and run " +
			"`./fleet secret set digitalocean-token`"
	case code == http.StatusForbidden:
		return "The token lacks a scope that this needs: give it that scope, or full access"
	case code == http.StatusTooManyRequests:
		return fmt.Sprintf("The account asked for too much at once: wait %s s and run it again",
			*or(filled(answer.Header.Get("Retry-After")), "60"))
	case code >= http.StatusInternalServerError:
		return "DigitalOcean itself failed (https://status.digitalocean.com): run it again, nothing is made twice"
	default:
		return "Nothing was changed by this request"
	}
}

func filled(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// gone says whether the API has no such thing.
func gone(answer *godo.Response) bool {
	return answer != nil && answer.Response != nil && answer.StatusCode == http.StatusNotFound
}
