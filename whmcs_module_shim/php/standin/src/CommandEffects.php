<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;
use WHMCS\Service\Status;

/** What a module command changes in the shop (WHMCS developer docs, provisioning modules, supported functions). */
final class CommandEffects
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param array<string, mixed> $service
     * @param array<string, mixed> $product
     */
    public function assignServer(array $service, array $product): void
    {
        $changes = [];
        if ((int) $service['server'] === 0) {
            $changes['server'] = (new Catalogue($this->shop))->pickServer($product);
        }
        if ($this->shop->decrypt((string) $service['password']) === '') {
            $changes['password'] = $this->shop->encrypt(Text::randomPassword());
        }
        $this->update((int) $service['id'], $changes);
    }

    /**
     * An empty user name becomes the first eight letters of the domain, or what a hook says.
     *
     * @param array<string, mixed> $params
     * @return array<string, mixed>
     */
    public function generateUsername(array $params): array
    {
        if ($params['username'] !== '') {
            return $params;
        }
        $name = substr((string) preg_replace('/[^a-z]/', '', strtolower((string) $params['domain'])), 0, 8);
        foreach ($this->shop->hooks->run('OverrideModuleUsernameGeneration', ['params' => $params]) as $result) {
            $name = is_string($result) && $result !== '' ? $result : $name;
        }
        $this->update((int) $params['serviceid'], ['username' => $name]);
        return ['username' => $name] + $params;
    }

    /** @param array<string, mixed> $params what the module was called with */
    public function ofSuccess(string $function, array $params, string $reason): void
    {
        $serviceId = (int) $params['serviceid'];
        match ($function) {
            'CreateAccount' => $this->created($params),
            'SuspendAccount' => $this->suspended($serviceId, $reason),
            'UnsuspendAccount' => $this->update($serviceId, ['domainstatus' => Status::ACTIVE, 'suspendreason' => '']),
            'TerminateAccount' => $this->update($serviceId, [
                'domainstatus' => Status::TERMINATED,
                'termination_date' => $this->shop->clock->today(),
            ]),
            'ChangePassword' => $this->passwordChanged($params),
            default => null,
        };
        $word = ModuleCommand::HOOK_WORDS[$function] ?? 'Custom';
        // AfterModuleCreate has its place between the mails; Renew has no After hook (WHMCS developer docs, hooks).
        if (!in_array($function, ['CreateAccount', 'Renew', 'ChangePassword'], true)) {
            $this->shop->hooks->run('AfterModule' . $word, ['params' => $params]);
        }
    }

    public function ofFailedCreate(int $serviceId): void
    {
        $position = $this->shop->settings->position('failed_create_status');
        if ($position === 'Active') {
            $this->update($serviceId, ['domainstatus' => Status::ACTIVE]);
        }
        if ($position !== 'Pending') {
            $order = (int) ModuleCommand::service($serviceId)['orderid'];
            Capsule::table('tblorders')->where('id', $order)->update(['status' => 'Active']);
        }
    }

    /** @param array<string, mixed> $params */
    private function created(array $params): void
    {
        $serviceId = (int) $params['serviceid'];
        $moment = $this->shop->settings->position('welcome_mail');
        $this->welcome($moment === 'before_active', $params);
        $this->update($serviceId, ['domainstatus' => Status::ACTIVE]);
        $this->activateOrder((int) ModuleCommand::service($serviceId)['orderid']);
        $this->welcome($moment === 'after_active', $params);
        $this->shop->hooks->run('AfterModuleCreate', ['params' => $params]);
        $this->welcome($moment === 'after_hook', $params);
    }

    /** @param array<string, mixed> $params */
    private function welcome(bool $now, array $params): void
    {
        $product = Shop::row('tblproducts', (int) $params['pid']);
        $template = Capsule::table('tblemailtemplates')->where('id', $product['welcomeemail'])->value('name');
        if (!$now || $template === null) {
            return;
        }
        $stale = ['service_username' => $params['username'], 'service_password' => $params['password']];
        $fresh = $this->shop->settings->says('mail_sees_new_credentials');
        (new Mailer($this->shop))->send((string) $template, (int) $params['serviceid'], $fresh ? [] : $stale);
    }

    private function suspended(int $serviceId, string $reason): void
    {
        $this->update($serviceId, ['domainstatus' => Status::SUSPENDED, 'suspendreason' => $reason]);
        (new Mailer($this->shop))->send('Service Suspension Notification', $serviceId);
    }

    /** @param array<string, mixed> $params */
    private function passwordChanged(array $params): void
    {
        $serviceId = (int) $params['serviceid'];
        $old = $this->shop->decrypt((string) ModuleCommand::service($serviceId)['password']);
        $this->update($serviceId, ['password' => $this->shop->encrypt((string) $params['password'])]);
        $this->shop->hooks->run('AfterModuleChangePassword', [
            'serviceid' => $serviceId,
            'oldpassword' => $old,
            'newpassword' => $params['password'],
        ]);
    }

    private function activateOrder(int $orderId): void
    {
        $waiting = Capsule::table('tblhosting')->where('orderid', $orderId)->where('domainstatus', Status::PENDING);
        if ($waiting->count() === 0) {
            Capsule::table('tblorders')->where('id', $orderId)->update(['status' => 'Active']);
        }
    }

    /** @param array<string, mixed> $changes */
    private function update(int $serviceId, array $changes): void
    {
        if ($changes !== []) {
            Capsule::table('tblhosting')->where('id', $serviceId)->update($changes);
        }
    }
}
